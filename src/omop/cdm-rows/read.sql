-- Rows of a file that holds a table of the CDM, each value as the CDM wants it, and the first reason against the row.

insert into {{rows}} by name
select
    source,
    file_id,
    resource_type,
    resource_id,
    {{values}},
    case
        {{faults}}
    end as reason,
    [] as left_out
from (
    select
        landing_source as source,
        landing_file as file_id,
        {{file}} as resource_type,
        landing_row as resource_id,
        {
            {{texts}}
        } as text
    from {{table}} line
    where line.landing_source = {{source}}
);
