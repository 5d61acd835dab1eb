-- Rows of a CSV file as costs.

select
    landing_source as source,
    landing_file as file_id,
    {{file}} as resource_type,
    coalesce(id, landing_row) as resource_id,
    {{part}} as part,
    person as patient_id,
    case
        when coalesce(
            total_charge, amount_allowed, paid_by_payer, paid_by_patient, paid_patient_copay, paid_patient_coinsurance,
            paid_patient_deductible, paid_by_primary, paid_ingredient_cost
        ) is null then 'NO_AMOUNT'
    end as refused,
    list_filter(charged, lambda name: name is not null) as events,
    payer_plan as coverage_id,
    payer_id,
    start as start_text,
    currency,
    total_charge,
    amount_allowed,
    paid_by_payer,
    paid_by_patient,
    paid_patient_copay,
    paid_patient_coinsurance,
    paid_patient_deductible,
    paid_by_primary,
    paid_ingredient_cost
from (
    {{amounts}}
)
