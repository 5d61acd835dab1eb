-- DiagnosticReport: its code and the codes of its conclusion, each where its domain leads. Its results are Observations of
-- their own. Rules: docs/mapping.md#diagnosticreport.

with named as (
    select
        source,
        resource_id,
        patient_id,
        landing.reference_to(unnest(json_extract_string(mapping.json_of(results), '$[*].reference')), 'Observation') as result_id
    from report
),

told as (
    select named.source, named.resource_id
    from named
    left join landing.observation result
        on result.landing_source = named.source
        and result.id = named.result_id
        and landing.reference_to(result.subject.reference, 'Patient') = named.patient_id
    group by all
    having bool_and(result.id is not null)
)

select
    source, file_id, resource_type, resource_id, patient_id, encounter_id, refused, start_text, end_text, type, provider,
    0 as part,
    case when type = 'EHR radiology report' then 'procedure_occurrence' else 'measurement' end as natural_table,
    'procedure' as role,
    case
        when len(conclusion_codes) > 0 or conclusion <> '' or len(attachments) > 0 then 'REPORT_WITHOUT_TEXT'
        when (source, resource_id) in (select (source, resource_id) from told) then 'REFERENCE'
        else 'REPORT_WITHOUT_TEXT'
    end as report,
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
