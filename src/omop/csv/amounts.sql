-- The amounts of each row as numbers.

select
    * replace (
        mapping.number_of({{with_point}}(total_charge)) as total_charge,
        mapping.number_of({{with_point}}(amount_allowed)) as amount_allowed,
        mapping.number_of({{with_point}}(paid_by_payer)) as paid_by_payer,
        mapping.number_of({{with_point}}(paid_by_patient)) as paid_by_patient,
        mapping.number_of({{with_point}}(paid_patient_copay)) as paid_patient_copay,
        mapping.number_of({{with_point}}(paid_patient_coinsurance)) as paid_patient_coinsurance,
        mapping.number_of({{with_point}}(paid_patient_deductible)) as paid_patient_deductible,
        mapping.number_of({{with_point}}(paid_by_primary)) as paid_by_primary,
        mapping.number_of({{with_point}}(paid_ingredient_cost)) as paid_ingredient_cost
    )
from (
    {{values}}
)
