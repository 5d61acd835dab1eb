-- Condition → condition_occurrence, or where the domain of its concept leads. Rules: docs/mapping.md#condition.

select
    condition.landing_source as source,
    landing_file as file_id,
    'Condition' as resource_type,
    id as resource_id,
    0 as part,
    landing.reference_to(subject.reference, 'Patient') as patient_id,
    landing.reference_to(coalesce(encounter, context).reference, 'Encounter') as encounter_id,
    case
        when mapping.is_modified("modifierExtension") then 'MODIFIER_EXTENSION'
        when mapping.drops_any_status('Condition', verifications) then 'STATUS'
    end as refused,
    'condition_occurrence' as natural_table,
    'condition' as role,
    code,
    mapping.dated(
        "onsetDateTime", mapping.first_dated(["onsetPeriod".start, case when onset_age is null then recorded end])
    ) as start_text,
    onset_age as start_after_birth,
    true as start_from_visit,
    mapping.dated("abatementDateTime", "abatementPeriod"."end") as end_text,
    mapping.age(coalesce("abatementAge", "abatementRange".high, "abatementRange".low)) as end_after_birth,
    case
        when list_contains(categories, 'encounter-diagnosis') then 'EHR encounter record'
        when list_contains(categories, 'problem-list-item') then 'EHR problem list'
        else 'EHR'
    end as type,
    coalesce(
        diagnosed.status,
        list_filter(verifications, lambda x: x in ('confirmed', 'provisional', 'differential'))[1],
        mapping.codes_of("clinicalStatus")[1]
    ) as condition_status,
    "abatementString" as stop_reason,
    mapping.practitioner_of(
        list_concat([recorder.reference, asserter.reference], list_transform(participant, lambda x: x.actor.reference))
    ) as provider
from (
    select
        *,
        mapping.codes_of("verificationStatus") as verifications,
        coalesce("recordedDate", "assertedDate") as recorded,
        list_transform(flatten(list_transform(category, lambda x: x.coding)), lambda x: x.code) as categories,
        mapping.age(coalesce("onsetAge", "onsetRange".low)) as onset_age
    from landing.condition
) condition
left join diagnosis_of_visit diagnosed
    on diagnosed.landing_source = condition.landing_source and diagnosed.condition_id = condition.id
