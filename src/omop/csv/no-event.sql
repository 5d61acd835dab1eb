-- Rows that are no record: they are used through others or told of by them, or no condition of their file applies to them.

select
    line.landing_source as source,
    line.landing_file as file_id,
    {{file}} as resource_type,
    line.landing_row as resource_id,
    0 as part,
    {{person}} as patient_id,
    case when {{reference}} then 'REFERENCE' else 'NO_EVENT' end as refused
from {{rows}}
where not ({{when}})
