-- Persons of several races: each race is observed of them on the day of their last visit. Rules: docs/mapping.md#patient.

insert into event_row by name
with of_several_races as (
    select * replace (list_sort(known_races) as races)
    from person_row
    where reason is null and len(known_races) > 1
),

race_of_person as (
    select *, unnest(races) as race, generate_subscripts(races, 1) as part
    from of_several_races
),

last_visit as (
    select person_id, max(visit_start_date) as start_date
    from visit_row
    where reason is null and part = 0 and person_id in (select person_id from of_several_races)
    group by person_id
)

select
    person.source,
    person.file_id,
    person.resource_type,
    person.resource_id,
    person.part,
    0 as target,
    person.person_id,
    kind.concept_id,
    0 as source_concept_id,
    coalesce(race.concept_id, 0) as value_as_concept_id,
    person.race as value_text,
    type.concept_id as type_concept_id,
    last_visit.start_date,
    'start from last visit' as imputed,
    case when last_visit.start_date is null then 'NO_DATE' end as reason,
    case when last_visit.start_date is not null then 'observation' end as cdm_table,
    case
        when last_visit.start_date is not null
        then mapping.row_id('observation', person.source, person.resource_type, person.resource_id, person.part, 0)
    end as cdm_id
from race_of_person person
join concept_map kind on kind.key = 'observation:race'
join concept_map type on type.key = 'type:EHR'
left join concept_map race on race.key = 'race:' || person.race
left join last_visit on last_visit.person_id = person.person_id;
