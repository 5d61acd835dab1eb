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
        when verification in ('refuted', 'entered-in-error', 'unconfirmed') then 'STATUS'
    end as refused,
    'condition_occurrence' as natural_table,
    'condition' as role,
    code,
    coalesce("onsetDateTime", "onsetPeriod".start, case when onset_age is null then "recordedDate" end) as start_text,
    onset_age as start_after_birth,
    true as start_from_visit,
    coalesce("abatementDateTime", "abatementPeriod"."end") as end_text,
    case
        when list_contains(categories, 'encounter-diagnosis') then 'EHR encounter record'
        when list_contains(categories, 'problem-list-item') then 'EHR problem list'
        else 'EHR'
    end as type,
    case
        when verification in ('confirmed', 'provisional', 'differential') then verification
        else "clinicalStatus".coding[1].code
    end as condition_status,
    "abatementString" as stop_reason
from (
    select
        *,
        "verificationStatus".coding[1].code as verification,
        list_transform(flatten(list_transform(category, lambda x: x.coding)), lambda x: x.code) as categories,
        case "onsetAge".code
            when 'a' then to_years("onsetAge".value::integer)
            when 'mo' then to_months("onsetAge".value::integer)
            when 'wk' then to_weeks("onsetAge".value::integer)
            when 'd' then to_days("onsetAge".value::integer)
        end as onset_age
    from landing.condition
)
