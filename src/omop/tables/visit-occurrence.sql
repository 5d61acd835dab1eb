-- A visit without end is over as it began; a stay in hospital lasts to the last thing that began in it.
-- Rules: docs/mapping.md#encounter.

insert into cdm.visit_occurrence by name
with open_stay as (
    select visit.visit_occurrence_id, max(event.start_date) as last_day
    from visit_row visit
    join mapping.concept_map class on class.key = 'encounter class:' || visit.class
    join mapping.concept_map inpatient on inpatient.key = 'encounter class:IMP' and inpatient.concept_id = class.concept_id
    join event_row event on event.visit_occurrence_id = visit.visit_occurrence_id
    where visit.visit_end_date is null and event.start_date > visit.visit_start_date and event.reason is null
    group by visit.visit_occurrence_id
)

select
    visit.visit_occurrence_id,
    visit.person_id,
    coalesce(class.concept_id, 0) as visit_concept_id,
    visit.visit_start_date,
    visit.visit_start_datetime,
    coalesce(visit.visit_end_date, open_stay.last_day, visit.visit_start_date) as visit_end_date,
    coalesce(
        visit.visit_end_datetime,
        case when visit.visit_end_date is null and open_stay.last_day is null then visit.visit_start_datetime end
    ) as visit_end_datetime,
    type.concept_id as visit_type_concept_id,
    mapping.cut(visit.class, 50) as visit_source_value,
    0 as visit_source_concept_id,
    lag(visit.visit_occurrence_id) over (
        partition by visit.person_id order by visit.visit_start_date, visit.visit_start_datetime, visit.visit_occurrence_id
    ) as preceding_visit_occurrence_id
from visit_row visit
left join mapping.concept_map class on class.key = 'encounter class:' || visit.class
join mapping.concept_map type on type.key = 'type:EHR encounter record'
left join open_stay on open_stay.visit_occurrence_id = visit.visit_occurrence_id
where visit.reason is null;
