-- Option observationPeriod "enrolment": a person is observed while insured. Insurance periods that meet or overlap are one.
-- Rules: docs/mapping.md#derived-tables.

insert into cdm.observation_period by name
with insured as (
    select
        person_id,
        greatest(payer_plan_period_start_date, birth) as start_date,
        greatest(payer_plan_period_start_date, payer_plan_period_end_date, birth) as end_date
    from cdm.payer_plan_period
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
    from insured
),

numbered as (
    select
        *,
        count(*) filter (where start_date > reached + 1) over (
            partition by person_id order by start_date range unbounded preceding
        ) as period
    from with_reach
)

select
    mapping.row_id('observation_period', '', '', person_id, min(start_date), 0) as observation_period_id,
    person_id,
    min(start_date) as observation_period_start_date,
    max(end_date) as observation_period_end_date,
    any_value(type.concept_id) as period_type_concept_id
from numbered
join mapping.concept_map type on type.key = 'type:Claim enrolment record'
group by person_id, period;
