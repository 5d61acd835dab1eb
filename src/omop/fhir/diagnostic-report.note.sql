-- DiagnosticReport → note: its conclusion, and the whole of it as presented. Parts from 100 on, so that they are never taken for
-- its codes. Rules: docs/mapping.md#diagnosticreport.

select
    source, file_id, resource_type, resource_id, patient_id, encounter_id, refused, start_text, type, provider,
    100 as part,
    code as class,
    title,
    conclusion as text,
    language
from report
where regexp_matches(conclusion, '\S')
union all by name
select
    source, file_id, resource_type, resource_id, patient_id, encounter_id, start_text, type, provider,
    coalesce(refused, unread) as refused,
    100 + position as part,
    code as class,
    coalesce(attachment_title, title) as title,
    text,
    coalesce(attachment_language, language) as language
from mapping.with_texts('report')
