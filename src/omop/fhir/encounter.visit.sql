-- Encounter → visit_occurrence, and the stays it consisted of. Rules: docs/mapping.md#encounter.

with read as (
    select
        *,
        coalesce(period, "actualPeriod") as whole,
        mapping.class_code(class) as class_code,
        list_filter(
            list_transform(participant, lambda x: {
                'who': coalesce(x.individual.reference, x.actor.reference),
                'roles': list_transform(flatten(list_transform(x.type, lambda y: y.coding)), lambda y: y.code)
            }),
            lambda x: x.who is not null
        ) as participants,
        list_sort(json_transform(
            mapping.json_of("classHistory"),
            '[{"period": {"start": "VARCHAR", "end": "VARCHAR"}, "class": {"code": "VARCHAR"}}]'
        )) as history,
        -- One place is where the visit is; a place that was only planned or kept free is none.
        case when len(location) > 1 then list_filter(location, lambda x: coalesce(x.status, '') not in ('planned', 'reserved')) end as places
    from landing.encounter
),

moved as (
    select
        *,
        list_filter(participants, lambda x: list_has_any(x.roles, ['ATND', 'PPRF'])) as attending,
        list_distinct(list_append(list_transform(history, lambda x: x.class.code), class_code)) as classes,
        -- The class it has now began when the last one ended.
        case
            when history[-1].class.code <> class_code and history[-1].period."end" is not null
            then [{'period': {'start': history[-1].period."end", 'end': whole."end"}, 'class': {'code': class_code}}]
        end as now_in_class
    from read
)

select
    landing_source as source,
    landing_file as file_id,
    'Encounter' as resource_type,
    id as resource_id,
    landing.reference_to(coalesce(subject, patient).reference, 'Patient') as patient_id,
    case
        when mapping.is_modified("modifierExtension") then 'MODIFIER_EXTENSION'
        when mapping.drops_status('Encounter', status) then 'STATUS'
    end as refused,
    class_code as class,
    case when list_contains(classes, 'EMER') and list_has_any(classes, ['IMP', 'ACUTE']) then 'EMER and IMP' end as concept_class,
    coalesce(mapping.first_codeable_concept(coalesce(mapping.json_of("serviceType") ->> '$[0].concept', "serviceType")), type[1]) as type,
    whole.start as start_text,
    whole."end" as end_text,
    landing.reference_to("partOf".reference, 'Encounter') as parent_id,
    landing.canonical_reference(coalesce(attending[1], participants[1]).who) as provider,
    landing.canonical_reference("serviceProvider".reference) as care_site,
    landing.canonical_reference(location[1].location.reference) as place,
    mapping.code_of_list(coalesce(hospitalization, admission)."admitSource", 'admit-source') as admitted_from,
    mapping.code_of_list(coalesce(hospitalization, admission)."dischargeDisposition", 'discharge-disposition') as discharged_to,
    list_concat(
        case when len(classes) > 1 then list_transform(
            list_concat(history, now_in_class),
            lambda x: {
                'start_text': x.period.start,
                'end_text': x.period."end",
                'kind': 'class',
                'class': x.class.code,
                'care_site': landing.canonical_reference("serviceProvider".reference)
            }
        ) end,
        list_filter(
            list_transform(places, lambda x: {
                'start_text': mapping.json_of(x.period) ->> '$.start',
                'end_text': mapping.json_of(x.period) ->> '$.end',
                'kind': 'place',
                'class': coalesce(
                    list_filter(
                        history,
                        lambda y: y.period.start <= (mapping.json_of(x.period) ->> '$.start')
                            and coalesce(y.period."end" > (mapping.json_of(x.period) ->> '$.start'), true)
                    )[-1].class.code,
                    class_code
                ),
                'care_site': landing.canonical_reference(x.location.reference)
            }),
            lambda x: x.start_text is not null
        )
    ) as stays
from moved
