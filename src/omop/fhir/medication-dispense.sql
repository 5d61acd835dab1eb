-- MedicationDispense → drug_exposure. Rules: docs/mapping.md#medicationdispense.

select
    landing_source as source,
    landing_file as file_id,
    'MedicationDispense' as resource_type,
    id as resource_id,
    part,
    landing.reference_to(subject.reference, 'Patient') as patient_id,
    landing.reference_to(coalesce(encounter, context).reference, 'Encounter') as encounter_id,
    case
        when mapping.is_modified("modifierExtension") then 'MODIFIER_EXTENSION'
        when mapping.drops_status('MedicationDispense', status) or "notDone" then 'STATUS'
    end as refused,
    'drug_exposure' as natural_table,
    'drug' as role,
    code,
    mapping.dated("whenHandedOver", "whenPrepared") as start_text,
    1 as default_days,
    'EHR dispensing record' as type,
    quantity.value as quantity,
    mapping.days_of("daysSupply".value, coalesce("daysSupply".code, "daysSupply".unit, 'd')) as days_supply,
    mapping.sig_of("dosageInstruction", lines) as sig,
    mapping.route_of("dosageInstruction") as route,
    mapping.words_of("statusReasonCodeableConcept") as stop_reason,
    mapping.practitioner_of(list_transform(performer, lambda x: x.actor.reference)) as provider
from (
    select *, mapping.dosage_lines("dosageInstruction") as lines
    from with_drugs('MedicationDispense', 'landing.medication_dispense')
)
