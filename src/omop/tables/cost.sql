-- What patients paid is the sum of its kinds where it is not said; what was paid the sum of all who paid. Rules:
-- docs/mapping.md#claim-and-explanationofbenefit.

insert into cdm.cost by name
with summed as (
    select
        *,
        coalesce(
            paid_by_patient, list_sum([paid_patient_copay, paid_patient_coinsurance, paid_patient_deductible])
        ) as of_patient
    from cost_row
    where reason is null
)

select
    cost.cost_id,
    cost.cost_event_id,
    domain.name as cost_domain_id,
    type.concept_id as cost_type_concept_id,
    cost.currency_concept_id,
    cost.total_charge,
    list_sum([cost.paid_by_payer, cost.of_patient, cost.paid_by_primary]) as total_paid,
    cost.paid_by_payer,
    cost.of_patient as paid_by_patient,
    cost.paid_patient_copay,
    cost.paid_patient_coinsurance,
    cost.paid_patient_deductible,
    cost.paid_by_primary,
    cost.paid_ingredient_cost,
    cost.payer_plan_period_id,
    cost.amount_allowed
from summed cost
join mapping.concept_map type on type.key = 'type:Cost record'
left join mapping.concept_map domain on domain.key = 'domain:' || cost.cost_event_table;
