-- Of rows about one record the first by content.

with record as (
    {{values}}
)

select *
from record
where id is null or landing_row in (select min(landing_row) from record where id is not null group by id)
