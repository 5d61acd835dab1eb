-- DocumentReference → note. Rules: docs/mapping.md#documentreference.

select
    source, file_id, resource_type, resource_id, patient_id, encounter_id, type, class, provider,
    coalesce(refused, unread) as refused,
    position as part,
    mapping.dated(start_text, mapping.first_dated([attachment_creation, period_start])) as start_text,
    coalesce(attachment_title, title) as title,
    text,
    coalesce(attachment_language, language) as language
from mapping.with_texts('document')
