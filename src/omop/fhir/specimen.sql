-- Specimen → specimen. Rules: docs/mapping.md#specimen.

select
    landing_source as source,
    landing_file as file_id,
    'Specimen' as resource_type,
    id as resource_id,
    0 as part,
    landing.reference_to(subject.reference, 'Patient') as patient_id,
    case
        when mapping.is_modified("modifierExtension") then 'MODIFIER_EXTENSION'
        when mapping.drops_status('Specimen', status) then 'STATUS'
    end as refused,
    'specimen' as natural_table,
    'specimen' as role,
    type as code,
    mapping.dated(collected, "receivedTime") as start_text,
    case when mapping.first_day(collected) is null then 'time received' end as start_taken_from,
    'EHR' as type,
    collection.quantity.value as quantity,
    mapping.unit_of(collection.quantity) as unit,
    case
        when collection."bodySite".concept is not null then collection."bodySite".concept
        when collection."bodySite" is not null
        then struct_pack(coding := collection."bodySite".coding, text := collection."bodySite".text)
    end as anatomic_site
from (
    select
        *,
        mapping.dated(collection."collectedDateTime", collection."collectedPeriod".start) as collected
    from landing.specimen
)
