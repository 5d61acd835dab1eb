-- MedicationAdministration → drug_exposure. Rules: docs/mapping.md#medicationadministration.

select
    landing_source as source,
    landing_file as file_id,
    'MedicationAdministration' as resource_type,
    id as resource_id,
    part,
    landing.reference_to(subject.reference, 'Patient') as patient_id,
    landing.reference_to(coalesce(encounter, context).reference, 'Encounter') as encounter_id,
    case
        when mapping.is_modified("modifierExtension") then 'MODIFIER_EXTENSION'
        when mapping.drops_status('MedicationAdministration', status) or "notGiven" or "wasNotGiven" then 'STATUS'
    end as refused,
    'drug_exposure' as natural_table,
    'drug' as role,
    code,
    mapping.dated(given_at, given_over.start) as start_text,
    coalesce(given_over."end", given_at) as end_text,
    given_over."end" as verbatim_end_text,
    1 as default_days,
    'EHR administration record' as type,
    dosage.dose.value as quantity,
    dosage.text as sig,
    dosage.route as route,
    coalesce(dosage.dose.unit, dosage.dose.code) as dose_unit,
    lot_number,
    mapping.words_of("statusReason"[1]) as stop_reason,
    mapping.practitioner_of(list_transform(performer, lambda x: mapping.reference_in(x.actor.reference))) as provider
from (
    select
        *,
        coalesce("effectiveDateTime", "occurenceDateTime") as given_at,
        coalesce("effectivePeriod", "occurencePeriod") as given_over
    from with_drugs('MedicationAdministration', 'landing.medication_administration')
)
