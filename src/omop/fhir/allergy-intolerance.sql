-- AllergyIntolerance → observation, or where the domain of its finding leads. A code that is a mere substance becomes the
-- value of an allergy or intolerance of its category. Rules: docs/mapping.md#allergyintolerance.

select
    landing_source as source,
    landing_file as file_id,
    'AllergyIntolerance' as resource_type,
    id as resource_id,
    0 as part,
    landing.reference_to(patient.reference, 'Patient') as patient_id,
    landing.reference_to(encounter.reference, 'Encounter') as encounter_id,
    case
        when mapping.is_modified("modifierExtension") then 'MODIFIER_EXTENSION'
        when mapping.drops_any_status('AllergyIntolerance', mapping.codes_of("verificationStatus")) then 'STATUS'
    end as refused,
    'observation' as natural_table,
    'allergy' as role,
    coalesce(code, reaction[1].substance) as code,
    'allergy:' || kind || ' ' || of_category as concept_constant,
    mapping.dated(said, reacted) as start_text,
    case when mapping.first_day(said) is null then 'reaction' end as start_taken_from,
    onset_age as start_after_birth,
    true as start_from_visit,
    'EHR' as type,
    nullif(concat_ws('; ', criticality, list_filter(clinical, lambda x: x in ('inactive', 'resolved'))[1]), '') as qualifier,
    mapping.practitioner_of(
        list_concat([recorder.reference, asserter.reference], list_transform(participant, lambda x: x.actor.reference))
    ) as provider
from (
    select
        *,
        mapping.age("onsetAge") as onset_age,
        mapping.dated(
            coalesce("recordedDate", "assertedDate"),
            mapping.first_dated([
                "onsetDateTime", "onsetPeriod".start, case when onset_age is null then "lastOccurrence" end
            ])
        ) as said,
        case when onset_age is null then list_min(list_filter(
            list_transform(reaction, lambda x: x.onset), lambda x: mapping.first_day(x) is not null
        )) end as reacted,
        coalesce(list_filter(mapping.codes_of(type), lambda x: x in ('allergy', 'intolerance'))[1], 'unknown') as kind,
        coalesce(list_filter(category, lambda x: x in ('food', 'medication', 'environment', 'biologic'))[1], 'unknown') as of_category,
        mapping.codes_of("clinicalStatus") as clinical
    from landing.allergy_intolerance
)
