-- Costs with the rows that they are the cost of, and why some are not taken. Rules: docs/mapping.md#claim-and-explanationofbenefit.

create or replace temp table cost_found as
select * exclude (events), md5(concat_ws('|', source, resource_type, resource_id, part)) as cost_key, events
from extracted_cost;

create or replace temp table cost_event as
select
    cost_key,
    source,
    split_part(unnest(events), '/', 1) as event_type,
    regexp_replace(unnest(events), '^[^/]*/', '') as event_id,
    generate_subscripts(events, 1) as position
from cost_found
where refused is null;

-- The row of each record that something was charged for, by the record's own first row.
create or replace temp table charged_row as
select source, resource_type, resource_id, person_id, arg_min(struct_pack(cdm_table, cdm_id), (part, target)) as fact
from event_row event
semi join cost_event cost
    on cost.source = event.source and cost.event_type = event.resource_type and cost.event_id = event.resource_id
where reason is null
group by source, resource_type, resource_id, person_id
union all
select visit.source, visit.resource_type, visit.resource_id, visit.person_id, {'cdm_table': 'visit_occurrence', 'cdm_id': key.visit_occurrence_id}
from visit_row visit
join visit_key key on key.source = visit.source and key.encounter_id = visit.resource_id
semi join cost_event cost
    on cost.source = visit.source and cost.event_type = visit.resource_type and cost.event_id = visit.resource_id
where visit.part = 0 and (visit.reason is null or visit.reason = 'REFERENCE');

-- The insurance period that a cost names; where it names none, that of its payer on its day, of several the one that began last.
create or replace temp table plan_of_cost as
with candidate as (
    select cost.cost_key, plan.start_date, plan.payer_plan_period_id
    from cost_found cost
    join payer_plan_row plan
        on plan.source = cost.source and plan.patient_id = cost.patient_id and plan.resource_id = cost.coverage_id
    where plan.reason is null
    union all
    select cost.cost_key, plan.start_date, plan.payer_plan_period_id
    from cost_found cost
    join payer_plan_row plan
        on plan.source = cost.source and plan.patient_id = cost.patient_id and plan.payer_id = cost.payer_id
    where plan.reason is null
        and cost.coverage_id is null
        and mapping.first_day(cost.start_text) >= plan.start_date
        and mapping.first_day(cost.start_text) <= coalesce(plan.end_date, 'infinity')
)

select cost_key, arg_max(payer_plan_period_id, (start_date, payer_plan_period_id)) as payer_plan_period_id
from candidate
group by cost_key;

create or replace temp table cost_row as
select
    cost.* exclude (cost_key, events, refused),
    event.fact.cdm_id as cost_event_id,
    event.fact.cdm_table as cost_event_table,
    currency.concept_id as currency_concept_id,
    plan.payer_plan_period_id,
    mapping.row_id('cost', cost.source, cost.resource_type, cost.resource_id, cost.part, 0) as cost_id,
    coalesce(
        cost.refused,
        case
            when cost.patient_id is null then 'NO_SUBJECT'
            when person.person_id is null then 'NO_PERSON'
            when event.fact is null then 'NO_COST_EVENT'
        end
    ) as reason
from cost_found cost
left join person_key person on person.source = cost.source and person.patient_id = cost.patient_id
left join (
    select cost.cost_key, charged.person_id, arg_min(charged.fact, cost.position) as fact
    from cost_event cost
    join charged_row charged
        on charged.source = cost.source
        and charged.resource_type = cost.event_type
        and charged.resource_id = cost.event_id
    group by all
) event
    on event.cost_key = cost.cost_key and event.person_id = person.person_id
left join plan_of_cost plan on plan.cost_key = cost.cost_key
left join code_mapping currency
    on currency.role = 'currency' and currency.code_key = hash(mapping.currency_code(cost.currency));
