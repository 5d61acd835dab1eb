-- Procedure → procedure_occurrence, or where the domain of its concept leads. Rules: docs/mapping.md#procedure.

select
    landing_source as source,
    landing_file as file_id,
    'Procedure' as resource_type,
    id as resource_id,
    0 as part,
    landing.reference_to(subject.reference, 'Patient') as patient_id,
    landing.reference_to(encounter.reference, 'Encounter') as encounter_id,
    case
        when len("modifierExtension") > 0 then 'MODIFIER_EXTENSION'
        when mapping.drops_status('Procedure', status) then 'STATUS'
    end as refused,
    'procedure_occurrence' as natural_table,
    'procedure' as role,
    code,
    coalesce("performedDateTime", "performedPeriod".start) as start_text,
    "performedPeriod"."end" as end_text,
    'EHR' as type,
    landing.canonical_reference(performer[1].actor.reference) as provider
from landing.procedure
