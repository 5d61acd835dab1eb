-- Which rows are about a record that several rows may be about.

select
    landing_source as source,
    landing_file as file_id,
    {{file}} as resource_type,
    coalesce(id, landing_row) as resource_id,
    landing_row as row_id
from ({{values}})
