-- DiagnosticReport: its code and the codes of its conclusion, each where its domain leads. Its results are Observations of
-- their own. Rules: docs/mapping.md#diagnosticreport.

select
    source, file_id, resource_type, resource_id, patient_id, encounter_id, refused, start_text, end_text, type, provider,
    0 as part,
    case when type = 'EHR radiology report' then 'procedure_occurrence' else 'measurement' end as natural_table,
    'procedure' as role,
    true as report,
    true as start_from_visit,
    code
from report
union all by name
select
    source, file_id, resource_type, resource_id, patient_id, encounter_id, refused, start_text, type, provider,
    generate_subscripts(conclusion_codes, 1) as part,
    'observation' as natural_table,
    'condition' as role,
    true as start_from_visit,
    unnest(conclusion_codes) as code
from report
where len(conclusion_codes) > 0
