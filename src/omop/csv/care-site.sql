-- Rows of a CSV file as care sites.

select
    landing_source as source,
    landing_file as file_id,
    {{file}} as resource_type,
    coalesce(id, landing_row) as resource_id,
    case when id is null then 'NO_ID' end as refused,
    name,
    place_of_service,
    line as address_line_1,
    line2 as address_line_2,
    city,
    county,
    state,
    zip,
    country,
    mapping.number_of({{with_point}}(latitude)) as latitude,
    mapping.number_of({{with_point}}(longitude)) as longitude,
    ['Organization/' || id] as names
from (
    {{values}}
)
