-- Insurance periods with their persons, and why some are not taken. Rules: docs/mapping.md#coverage.

create or replace temp table payer_plan_row as
select
    plan.* exclude (refused, payer),
    person.person_id,
    payer.code_key as payer_key,
    payer.concept_id as payer_concept_id,
    coalesce(plan.payer_source_value, payer.source_value) as payer_text,
    payer.source_concept_id as payer_source_concept_id,
    mapping.first_day(plan.start_text) as start_date,
    mapping.last_day(plan.end_text, mapping.first_day(plan.start_text)) as end_date,
    mapping.row_id('payer_plan_period', plan.source, plan.resource_type, plan.resource_id, 0, 0) as payer_plan_period_id,
    coalesce(
        plan.refused,
        case
            when plan.patient_id is null then 'NO_SUBJECT'
            when person.person_id is null then 'NO_PERSON'
            when mapping.first_day(plan.start_text) is null then mapping.reason_for_no_date(plan.start_text)
        end
    ) as reason
from extracted_payer_plan plan
left join person_key person on person.source = plan.source and person.patient_id = plan.patient_id
left join code_mapping payer on payer.role = 'payer' and payer.code_key = hash(plan.payer);
