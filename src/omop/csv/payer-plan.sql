-- Rows of a CSV file as insurance periods.

select
    landing_source as source,
    landing_file as file_id,
    {{file}} as resource_type,
    coalesce(id, landing_row) as resource_id,
    person as patient_id,
    start as start_text,
    "end" as end_text,
    mapping.concept_of(payer_system, payer, payer_name) as payer,
    payer_name as payer_source_value,
    payer_id,
    plan as plan_source_value,
    family as family_source_value
from (
    {{values}}
)
