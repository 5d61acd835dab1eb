-- Visits with their persons, dates and ids, and why some are not taken. A visit that is part of another becomes a detail of
-- it. Rules: docs/mapping.md#encounter.

create or replace temp table visit_judged as
select
    visit.* exclude (refused, type, provider, care_site),
    person.person_id,
    type.concept_id as type_concept_id,
    type.source_value as type_source_value,
    provider.provider_id,
    site.care_site_id,
    mapping.first_day(visit.start_text) as visit_start_date,
    mapping.wall_clock(visit.start_text) as visit_start_datetime,
    mapping.first_day(visit.end_text) as visit_end_date,
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
left join mapping.code_mapping type on type.role = 'visit' and type.code_key = hash(visit.type) and type.concept_id <> 0
left join provider_key provider on provider.source = visit.source and provider.name = visit.provider
left join care_site_key site on site.source = visit.source and site.name = visit.care_site;

-- From each visit that is part of another up to the one that is part of none; ten steps end a circle.
create or replace temp table visit_root as
with recursive ancestry as (
    select source, resource_id, person_id, parent_id, resource_id as root_id, 0 as depth
    from visit_judged
    where reason is null and parent_id is not null
    union all
    select ancestry.source, ancestry.resource_id, ancestry.person_id, parent.parent_id, parent.resource_id, depth + 1
    from ancestry
    join visit_judged parent
        on parent.source = ancestry.source
        and parent.resource_id = ancestry.parent_id
        and parent.person_id = ancestry.person_id
        and parent.reason is null
    where depth < 10
)

select source, resource_id, arg_max(root_id, depth) as root_id, max(depth) as depth
from ancestry
group by all;

create or replace temp table visit_row as
select
    visit.*,
    coalesce(root.root_id, visit.resource_id) as root_id,
    coalesce(root.depth, 0) as depth,
    mapping.row_id(
        case when root.depth > 0 then 'visit_detail' else 'visit_occurrence' end,
        visit.source, visit.resource_type, visit.resource_id, 0, 0
    ) as visit_id
from visit_judged visit
left join visit_root root
    on root.source = visit.source and root.resource_id = visit.resource_id and visit.reason is null;
