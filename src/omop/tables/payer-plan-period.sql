-- A plan without end lasts to the end of what is known of its person. Rules: docs/mapping.md#coverage.

insert into cdm.payer_plan_period by name
select
    plan.payer_plan_period_id,
    plan.person_id,
    plan.start_date as payer_plan_period_start_date,
    coalesce(plan.end_date, greatest(known.last_day, plan.start_date), plan.start_date) as payer_plan_period_end_date,
    plan.payer_concept_id,
    plan.payer_text as payer_source_value,
    plan.payer_source_concept_id,
    plan.plan_source_value,
    plan.family_source_value
from payer_plan_row plan
left join (
    select person_id, max(day) as last_day
    from (
        select person_id, coalesce(end_date, start_date) as day from event_row where reason is null
        union all
        select person_id, coalesce(visit_end_date, visit_start_date) from visit_row where reason is null
        union all
        select person_id, note_date from note_row where reason is null
    )
    group by person_id
) known using (person_id)
where plan.reason is null;
