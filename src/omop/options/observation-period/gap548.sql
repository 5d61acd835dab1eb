-- Option observationPeriod "gap548": a period lasts until nothing is recorded of its person for 548 days, and 60 days more, but not
-- beyond 60 days after death, nor the day on which the data was read. That day is another every night, so all are made anew.
-- Rule: OHDSI's conventions for the periods of EHR data (Themis), docs/mapping.md#derived-tables.

delete from cdm.observation_period;

insert into cdm.observation_period by name
with recorded as (
    select person_id, visit_start_date as start_date, visit_end_date as end_date from cdm.visit_occurrence
    union all
    select person_id, condition_start_date, condition_end_date from cdm.condition_occurrence
    union all
    select person_id, drug_exposure_start_date, drug_exposure_end_date from cdm.drug_exposure
    union all
    select person_id, procedure_date, procedure_end_date from cdm.procedure_occurrence
    union all
    select person_id, device_exposure_start_date, device_exposure_end_date from cdm.device_exposure
    union all
    select person_id, measurement_date, null from cdm.measurement
    union all
    select person_id, observation_date, null from cdm.observation
    union all
    select person_id, specimen_date, null from cdm.specimen
    union all
    select person_id, note_date, null from cdm.note
),

event as (
    select
        person_id,
        greatest(start_date, birth) as start_date,
        greatest(start_date, end_date, birth) as end_date
    from recorded
    join (
        select person_id, mapping.first_possible_birth(year_of_birth, month_of_birth, day_of_birth) as birth
        from cdm.person
    ) using (person_id)
),

with_reach as (
    select
        *,
        max(end_date) over (
            partition by person_id order by start_date rows between unbounded preceding and 1 preceding
        ) as reached
    from event
),

numbered as (
    select
        *,
        count(*) filter (where start_date >= reached + 548) over (
            partition by person_id order by start_date range unbounded preceding
        ) as period
    from with_reach
),

period as (
    select person_id, min(start_date) as start_date, max(end_date) as end_date
    from numbered
    group by person_id, period
)

select
    mapping.row_id('observation_period', '', '', person_id, start_date, 0) as observation_period_id,
    person_id,
    start_date as observation_period_start_date,
    greatest(start_date, least(end_date + 60, death_date + 60, data.read_on)) as observation_period_end_date,
    type.concept_id as period_type_concept_id
from period
left join (select person_id, min(death_date) as death_date from cdm.death group by person_id) using (person_id)
cross join (select max(loaded_at)::date as read_on from meta.file) data
join mapping.concept_map type on type.key = 'type:period inferred';
