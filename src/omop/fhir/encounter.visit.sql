-- Encounter → visit_occurrence. Rules: docs/mapping.md#encounter.

select
    landing_source as source,
    landing_file as file_id,
    'Encounter' as resource_type,
    id as resource_id,
    landing.reference_to(subject.reference, 'Patient') as patient_id,
    case
        when len("modifierExtension") > 0 then 'MODIFIER_EXTENSION'
        when mapping.drops_status('Encounter', status) then 'STATUS'
    end as refused,
    class.code as class,
    coalesce("serviceType", type[1]) as type,
    period.start as start_text,
    period."end" as end_text,
    landing.reference_to("partOf".reference, 'Encounter') as parent_id,
    landing.canonical_reference(coalesce(
        list_filter(participant, lambda x: x.individual.reference is not null and list_has_any(
            list_transform(flatten(list_transform(x.type, lambda y: y.coding)), lambda y: y.code), ['ATND', 'PPRF']
        ))[1],
        participant[1]
    ).individual.reference) as provider,
    landing.canonical_reference(coalesce("serviceProvider".reference, location[1].location.reference)) as care_site,
    hospitalization."admitSource".coding[1].code as admitted_from,
    hospitalization."dischargeDisposition".coding[1].code as discharged_to
from landing.encounter
