-- Condition → condition_occurrence, or where the domain of its concept leads. Rules: docs/mapping.md#condition.

select
    landing_source as source,
    landing_file as file_id,
    'Condition' as resource_type,
    id as resource_id,
    0 as part,
    landing.reference_to(subject.reference, 'Patient') as patient_id,
    landing.reference_to(encounter.reference, 'Encounter') as encounter_id,
    case
        when len("modifierExtension") > 0 then 'MODIFIER_EXTENSION'
        when mapping.drops_any_status('Condition', verifications) then 'STATUS'
    end as refused,
    'condition_occurrence' as natural_table,
    'condition' as role,
    code,
    mapping.dated("onsetDateTime", mapping.dated("onsetPeriod".start, case when onset_age is null then "recordedDate" end)) as start_text,
    onset_age as start_after_birth,
    true as start_from_visit,
    mapping.dated("abatementDateTime", "abatementPeriod"."end") as end_text,
    case
        when list_contains(categories, 'encounter-diagnosis') then 'EHR encounter record'
        when list_contains(categories, 'problem-list-item') then 'EHR problem list'
        else 'EHR'
    end as type,
    coalesce(
        list_filter(verifications, lambda x: x in ('confirmed', 'provisional', 'differential'))[1],
        "clinicalStatus".coding[1].code
    ) as condition_status,
    "abatementString" as stop_reason,
    landing.canonical_reference(coalesce(recorder.reference, asserter.reference)) as provider
from (
    select
        *,
        list_transform("verificationStatus".coding, lambda x: x.code) as verifications,
        list_transform(flatten(list_transform(category, lambda x: x.coding)), lambda x: x.code) as categories,
        mapping.age("onsetAge") as onset_age
    from landing.condition
)
