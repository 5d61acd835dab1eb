-- The stays of which visits consisted, by class and by place, as further rows of visits: each a detail of its visit. One
-- without end ended when the next of its kind began, the last one with the visit. Rules: docs/mapping.md#encounter.

insert into visit_row by name
with stay as (
    select
        source, file_id, resource_type, resource_id, patient_id, person_id, provider_id, root_id, depth, end_text as visit_end_text,
        unnest(stays) as stay,
        generate_subscripts(stays, 1) as part
    from visit_row
    where reason is null and len(stays) > 0
),

ended as (
    select
        * exclude (stay),
        stay.start_text as start_text,
        stay.kind as stay_kind,
        stay.class as class,
        stay.care_site as care_site,
        first_value(stay.start_text) over (
            partition by source, resource_id, stay.kind
            order by stay.start_text
            groups between 1 following and unbounded following
        ) as next_start,
        coalesce(stay.end_text, next_start, visit_end_text) as end_text,
        case
            when mapping.first_day(end_text) is null or stay.end_text is not null then null
            when next_start is not null then 'next stay'
            else 'visit'
        end as end_taken_from
    from stay
)

select
    stay.* exclude (care_site, visit_end_text, next_start) replace (stay.depth + 1 as depth),
    stay.resource_id as parent_id,
    nullif(place.concept_id, 0) as type_concept_id,
    site.care_site_id,
    mapping.first_day(stay.start_text) as visit_start_date,
    mapping.wall_clock(stay.start_text) as visit_start_datetime,
    mapping.last_day(stay.end_text, visit_start_date) as visit_end_date,
    mapping.wall_clock(stay.end_text) as visit_end_datetime,
    case
        when mapping.first_day(stay.start_text) is null then mapping.reason_for_no_date(stay.start_text)
    end as reason,
    mapping.row_id('visit_detail', stay.source, stay.resource_type, stay.resource_id, stay.part, 0) as visit_id
from ended stay
left join care_site_key key on key.source = stay.source and key.name = stay.care_site
left join care_site_row site on site.care_site_id = key.care_site_id
left join concept_map place on stay.stay_kind = 'place' and place.key = 'place of service:' || site.place_of_service;
