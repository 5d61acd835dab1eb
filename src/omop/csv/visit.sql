-- Rows of a CSV file as visits.

select
    landing_source as source,
    landing_file as file_id,
    {{file}} as resource_type,
    coalesce(id, landing_row) as resource_id,
    person as patient_id,
    case when id is null then 'NO_ID' end as refused,
    class,
    start_text,
    end_text
from (
    select
        landing_source,
        landing_file,
        landing_row,
        {{id}} as id,
        {{person}} as person,
        {{class}} as class,
        {{start}} as start_text,
        {{end}} as end_text
    from {{table}} line
    where line.landing_source = {{source}}
)
