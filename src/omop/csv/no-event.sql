-- Rows to which none of a file's events applies: they are dropped, and say so.

select
    landing_source as source,
    landing_file as file_id,
    {{file}} as resource_type,
    landing_row as resource_id,
    0 as part,
    'NO_EVENT' as refused
from {{table}} line
where line.landing_source = {{source}} and not ({{when}})
