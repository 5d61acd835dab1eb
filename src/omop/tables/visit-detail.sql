-- Visits that are part of another, and the stays that a visit consisted of: the visit they belong to is the one at the top.
-- Rules: docs/mapping.md#encounter.

insert into cdm.visit_detail by name
select
    visit.visit_id as visit_detail_id,
    visit.person_id,
    coalesce(visit.type_concept_id, class.concept_id, 0) as visit_detail_concept_id,
    visit.visit_start_date as visit_detail_start_date,
    visit.visit_start_datetime as visit_detail_start_datetime,
    coalesce(visit.visit_end_date, visit.visit_start_date) as visit_detail_end_date,
    coalesce(visit.visit_end_datetime, case when visit.visit_end_date is null then visit.visit_start_datetime end) as visit_detail_end_datetime,
    type.concept_id as visit_detail_type_concept_id,
    visit.provider_id,
    visit.care_site_id,
    coalesce(visit.class, visit.type_source_value) as visit_detail_source_value,
    0 as visit_detail_source_concept_id,
    lag(visit.visit_id) over (
        partition by own.visit_occurrence_id, visit.source, visit.parent_id, visit.stay_kind
        order by visit.visit_start_date, visit.visit_start_datetime, visit.visit_id
    ) as preceding_visit_detail_id,
    parent.visit_detail_id as parent_visit_detail_id,
    own.visit_occurrence_id
from visit_row visit
join visit_key own on own.source = visit.source and own.encounter_id = visit.resource_id
left join visit_key parent on parent.source = visit.source and parent.encounter_id = visit.parent_id
left join mapping.concept_map class on class.key = 'encounter class:' || visit.class
join mapping.concept_map type on type.key = 'type:EHR encounter record'
where visit.reason is null and visit.depth > 0;
