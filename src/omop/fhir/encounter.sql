-- Encounter → visit_occurrence. Rules: docs/mapping.md#encounter.

select
    landing_source as source,
    landing_file as file_id,
    'Encounter' as resource_type,
    id as resource_id,
    landing.reference_to(subject.reference, 'Patient') as patient_id,
    case
        when len("modifierExtension") > 0 then 'MODIFIER_EXTENSION'
        when status is null or status not in ('finished', 'in-progress', 'arrived', 'triaged', 'onleave') then 'STATUS'
    end as refused,
    class.code as class,
    period.start as start_text,
    period."end" as end_text
from landing.encounter
