-- Immunization → drug_exposure. Rules: docs/mapping.md#immunization.

select
    landing_source as source,
    landing_file as file_id,
    'Immunization' as resource_type,
    id as resource_id,
    0 as part,
    landing.reference_to(patient.reference, 'Patient') as patient_id,
    landing.reference_to(encounter.reference, 'Encounter') as encounter_id,
    case
        when len("modifierExtension") > 0 then 'MODIFIER_EXTENSION'
        when mapping.drops_status('Immunization', status) then 'STATUS'
    end as refused,
    'drug_exposure' as natural_table,
    'vaccine' as role,
    "vaccineCode" as code,
    "occurrenceDateTime" as start_text,
    "occurrenceDateTime" as end_text,
    case when "primarySource" = false then 'Patient self-report' else 'EHR administration record' end as type,
    "doseQuantity".value as quantity,
    coalesce("doseQuantity".unit, "doseQuantity".code) as dose_unit,
    route,
    "lotNumber" as lot_number,
    landing.canonical_reference(coalesce(
        list_filter(performer, lambda x: x.function.coding[1].code = 'AP')[1],
        performer[1]
    ).actor.reference) as provider
from landing.immunization
