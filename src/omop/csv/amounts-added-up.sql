-- The rows of each cost in one, with their amounts added up, in an order that makes the sum the same in every run.

select
    landing_source,
    min(landing_file) as landing_file,
    min(landing_row) as landing_row,
    id,
    min(person) as person,
    min(charged) as charged,
    min(payer_plan) as payer_plan,
    min(payer_id) as payer_id,
    min(start) as start,
    min(currency) as currency,
    list_sum(list(total_charge order by total_charge)) as total_charge,
    list_sum(list(amount_allowed order by amount_allowed)) as amount_allowed,
    list_sum(list(paid_by_payer order by paid_by_payer)) as paid_by_payer,
    list_sum(list(paid_by_patient order by paid_by_patient)) as paid_by_patient,
    list_sum(list(paid_patient_copay order by paid_patient_copay)) as paid_patient_copay,
    list_sum(list(paid_patient_coinsurance order by paid_patient_coinsurance)) as paid_patient_coinsurance,
    list_sum(list(paid_patient_deductible order by paid_patient_deductible)) as paid_patient_deductible,
    list_sum(list(paid_by_primary order by paid_by_primary)) as paid_by_primary,
    list_sum(list(paid_ingredient_cost order by paid_ingredient_cost)) as paid_ingredient_cost
from (
    {{amounts}}
)
group by landing_source, coalesce(id, landing_row), id
