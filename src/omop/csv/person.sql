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
    address_line_1,
    address_line_2,
    city,
    county,
    state,
    zip,
    country,
    death_date
from (
    select
        landing_source,
        landing_file,
        landing_row,
        {{id}} as id,
        {{gender}} as gender,
        {{birthDate}} as birth_date,
        {{race}} as race,
        {{ethnicity}} as ethnicity,
        {{line}} as address_line_1,
        {{line2}} as address_line_2,
        {{city}} as city,
        {{county}} as county,
        {{state}} as state,
        {{zip}} as zip,
        {{country}} as country,
        {{deathDate}} as death_date
    from {{table}} line
    where line.landing_source = {{source}}
)
