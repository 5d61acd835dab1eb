-- Visits with their persons, dates and ids, and why some are not taken. A visit that is part of another becomes a detail of
-- it. Rules: docs/mapping.md#encounter.

create or replace temp table visit_judged as
select
    visit.* exclude (refused, type, provider, care_site, place),
    person.person_id,
    nullif(type.concept_id, 0) as type_concept_id,
    type.source_value as type_source_value,
    provider.provider_id,
    visit.provider is not null and provider.provider_id is null as lacks_provider,
    coalesce(site.care_site_id, place.care_site_id) as care_site_id,
    mapping.first_day(visit.start_text) as visit_start_date,
    mapping.wall_clock(visit.start_text) as visit_start_datetime,
    mapping.last_day(visit.end_text, visit_start_date) as visit_end_date,
    mapping.wall_clock(visit.end_text) as visit_end_datetime,
    coalesce(
        visit.refused,
        case
            when visit.patient_id is null then 'NO_SUBJECT'
            when person.person_id is null then 'NO_PERSON'
            when mapping.first_day(visit.start_text) is null then mapping.reason_for_no_date(visit.start_text)
            -- One visit of one source, given both as FHIR and as CSV: the first that is taken counts.
            when row_number() over (
                partition by visit.source, visit.resource_id
                order by
                    visit.refused is not null or person.person_id is null or mapping.first_day(visit.start_text) is null,
                    visit.resource_type
            ) > 1 then 'DUPLICATE'
        end
    ) as reason
from extracted_visit visit
left join person_key person on person.source = visit.source and person.patient_id = visit.patient_id
left join code_mapping type on type.role = 'visit' and type.code_key = hash(visit.type)
left join provider_key provider on provider.source = visit.source and provider.name = visit.provider
left join care_site_key site on site.source = visit.source and site.name = visit.care_site
left join care_site_key place on place.source = visit.source and place.name = visit.place;

-- From each visit that is part of another up to the one that is part of none. Where that leads round in a circle, or further
-- than a hundred steps, no visit is above the others and each stays one.
create or replace temp table visit_parent as
select visit.source, visit.resource_id, parent.resource_id as parent_id
from visit_judged visit
join visit_judged parent
    on parent.source = visit.source and parent.resource_id = visit.parent_id and parent.person_id = visit.person_id
where visit.reason is null and parent.reason is null;

create or replace temp table visit_root as
with recursive ancestry as (
    select source, resource_id, parent_id, 1 as depth
    from visit_parent
    union all
    select ancestry.source, ancestry.resource_id, parent.parent_id, depth + 1
    from ancestry
    join visit_parent parent on parent.source = ancestry.source and parent.resource_id = ancestry.parent_id
    where depth < 100
)

select source, resource_id, parent_id as root_id, depth
from ancestry
where (source, parent_id) not in (select (source, resource_id) from visit_parent);

create or replace temp table visit_row as
select
    visit.*,
    0 as part,
    null::varchar as stay_kind,
    null::varchar as end_taken_from,
    coalesce(root.root_id, visit.resource_id) as root_id,
    coalesce(root.depth, 0) as depth,
    mapping.row_id(
        case when root.depth > 0 then 'visit_detail' else 'visit_occurrence' end,
        visit.source, visit.resource_type, visit.resource_id, 0, 0
    ) as visit_id
from visit_judged visit
left join visit_root root
    on root.source = visit.source and root.resource_id = visit.resource_id and visit.reason is null;
