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
        when mapping.is_modified("modifierExtension") then 'MODIFIER_EXTENSION'
        when mapping.drops_status('Immunization', status) or "notGiven" or "wasNotGiven" then 'STATUS'
    end as refused,
    'drug_exposure' as natural_table,
    'vaccine' as role,
    "vaccineCode" as code,
    given_at as start_text,
    given_at as end_text,
    case
        when list_has_any(origins, ['record', 'school']) then 'Government report'
        when "primarySource" = false or list_contains(origins, 'recall') or mapping.is_patient("informationSource".reference.reference)
        then 'Patient self-report'
        else 'EHR administration record'
    end as type,
    "doseQuantity".value as quantity,
    coalesce("doseQuantity".unit, "doseQuantity".code) as dose_unit,
    route,
    "lotNumber" as lot_number,
    landing.canonical_reference(coalesce(
        list_filter(performer, lambda x: x.function.coding[1].code = 'AP')[1].actor,
        performer[1].actor,
        list_filter(practitioner, lambda x: x.role.coding[1].code = 'AP')[1].actor,
        practitioner[1].actor
    ).reference) as provider
from (
    select
        *,
        coalesce("occurrenceDateTime", date) as given_at,
        list_transform(coalesce("reportOrigin", "informationSource".concept).coding, lambda x: x.code) as origins
    from landing.immunization
)
