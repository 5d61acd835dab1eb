-- Rows of a CSV file as providers.

select
    landing_source as source,
    landing_file as file_id,
    {{file}} as resource_type,
    coalesce(id, landing_row) as resource_id,
    case when id is null then 'NO_ID' end as refused,
    gender,
    birth_date,
    mapping.concept_of(specialty_system, specialty, specialty_name) as specialty,
    'Organization/' || care_site as care_site,
    ['Practitioner/' || id] as names
from (
    {{values}}
)
