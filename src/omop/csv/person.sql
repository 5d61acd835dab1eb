-- Rows of a CSV file as persons. An id that is empty leaves nobody to refer to.

select
    landing_source as source,
    landing_file as file_id,
    {{file}} as resource_type,
    coalesce(id, landing_row) as resource_id,
    case when id is null then 'NO_ID' end as refused,
    gender,
    birth_date[1:10] as birth_date,
    mapping.wall_clock(birth_date) as birth_datetime,
    case when race is not null then [race] end as races,
    ethnicity,
    line as address_line_1,
    line2 as address_line_2,
    city,
    county,
    state,
    zip,
    country,
    death_date,
    'Practitioner/' || provider as provider,
    'Organization/' || care_site as care_site
from (
    {{values}}
)
