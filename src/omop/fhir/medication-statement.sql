-- MedicationStatement → drug_exposure. Rules: docs/mapping.md#medicationstatement.

select
    landing_source as source,
    landing_file as file_id,
    'MedicationStatement' as resource_type,
    id as resource_id,
    part,
    landing.reference_to(subject.reference, 'Patient') as patient_id,
    landing.reference_to(coalesce(encounter, context).reference, 'Encounter') as encounter_id,
    case
        when mapping.is_modified("modifierExtension") then 'MODIFIER_EXTENSION'
        when mapping.drops_status('MedicationStatement', status) then 'STATUS'
        when taken in ('n', 'unk') or adherence.code.coding[1].code not like 'taking%' then 'STATUS'
    end as refused,
    'drug_exposure' as natural_table,
    'drug' as role,
    code,
    mapping.dated(effective, "dateAsserted") as start_text,
    case when mapping.first_day(effective) is null then 'date asserted' end as start_taken_from,
    "effectivePeriod"."end" as end_text,
    "effectivePeriod"."end" as verbatim_end_text,
    1 as default_days,
    case
        when informant = subject.reference or split_part(informant, '/', 1) in ('Patient', 'RelatedPerson')
        then 'Patient self-report'
        else 'EHR medication list'
    end as type,
    mapping.sig_of(dosage, lines) as sig,
    mapping.route_of(dosage) as route,
    mapping.words_of("statusReason"[1]) as stop_reason,
    mapping.practitioner_of([informant]) as provider
from (
    select
        *,
        mapping.dosage_lines(dosage) as lines,
        mapping.dated("effectiveDateTime", "effectivePeriod".start) as effective,
        landing.canonical_reference(mapping.reference_in("informationSource")) as informant
    from with_drugs('MedicationStatement', 'landing.medication_statement')
)
