-- One period a person: from the first visit to the end of the last (docs/mapping.md#derived-tables); of persons without a visit,
-- from the first event or note to the last. Never before birth.

insert into cdm.observation_period by name
with event_date as (
    select person_id, start_date, coalesce(end_date, start_date) as end_date
    from event_row
    where cdm_table is not null and person_id not in (select person_id from cdm.visit_occurrence)
    union all
    select person_id, note_date, note_date
    from note_row
    where reason is null and person_id not in (select person_id from cdm.visit_occurrence)
    union all
    select person_id, visit_start_date, visit_end_date
    from cdm.visit_occurrence
)

select
    person_id as observation_period_id,
    person_id,
    min(greatest(start_date, birth)) as observation_period_start_date,
    max(greatest(start_date, end_date, birth)) as observation_period_end_date,
    any_value(type.concept_id) as period_type_concept_id
from event_date
join (select person_id, first_possible_birth as birth from person_key) using (person_id)
join mapping.concept_map type on type.key = 'type:period inferred'
group by person_id;
