-- Encounter → visit_occurrence. Rules: docs/mapping.md#encounter.

select
    landing_source as source,
    landing_file as file_id,
    'Encounter' as resource_type,
    id as resource_id,
    landing.reference_to(coalesce(subject, patient).reference, 'Patient') as patient_id,
    case
        when len("modifierExtension") > 0 then 'MODIFIER_EXTENSION'
        when mapping.drops_status('Encounter', status) then 'STATUS'
    end as refused,
    mapping.class_code(class) as class,
    coalesce(mapping.first_codeable_concept(coalesce(mapping.json_of("serviceType") ->> '$[0].concept', "serviceType")), type[1]) as type,
    coalesce(period, "actualPeriod").start as start_text,
    coalesce(period, "actualPeriod")."end" as end_text,
    landing.reference_to("partOf".reference, 'Encounter') as parent_id,
    landing.canonical_reference(coalesce(attending[1], participants[1]).who) as provider,
    landing.canonical_reference(coalesce("serviceProvider".reference, location[1].location.reference)) as care_site,
    coalesce(hospitalization, admission)."admitSource".coding[1].code as admitted_from,
    coalesce(hospitalization, admission)."dischargeDisposition".coding[1].code as discharged_to
from (
    select *, list_filter(participants, lambda x: list_has_any(x.roles, ['ATND', 'PPRF'])) as attending
    from (
        select
            *,
            list_filter(
                list_transform(participant, lambda x: {
                    'who': coalesce(x.individual.reference, x.actor.reference),
                    'roles': list_transform(flatten(list_transform(x.type, lambda y: y.coding)), lambda y: y.code)
                }),
                lambda x: x.who is not null
            ) as participants
        from landing.encounter
    )
)
