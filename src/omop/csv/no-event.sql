-- Rows that are no record: they are used through others, or no condition of their file applies to them. They say so.

select
    line.landing_source as source,
    line.landing_file as file_id,
    {{file}} as resource_type,
    line.landing_row as resource_id,
    0 as part,
    {{person}} as patient_id,
    {{refused}} as refused
from {{rows}}
where not ({{when}})
