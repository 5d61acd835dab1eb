-- FamilyMemberHistory → observation: each condition is the value of a family history. Rules: docs/mapping.md#familymemberhistory.

select
    landing_source as source,
    landing_file as file_id,
    'FamilyMemberHistory' as resource_type,
    id as resource_id,
    part,
    landing.reference_to(patient.reference, 'Patient') as patient_id,
    case
        when mapping.is_modified(list_concat("modifierExtension", of_relative."modifierExtension")) then 'MODIFIER_EXTENSION'
        when mapping.drops_status('FamilyMemberHistory', status) or "notDone" then 'STATUS'
    end as refused,
    'observation' as natural_table,
    'family history' as role,
    of_relative.code as code,
    'family history' as concept_constant,
    date as start_text,
    'EHR' as type,
    coalesce(relationship.coding[1].code, relationship.text) as qualifier,
    mapping.practitioner_of(list_transform(participant, lambda x: x.actor.reference)) as provider
from (
    select
        * exclude (condition),
        unnest(case when len(condition) > 0 then condition else [null] end) as of_relative,
        unnest(case when len(condition) > 0 then range(1, len(condition) + 1) else [0] end) as part
    from landing.family_member_history
)
