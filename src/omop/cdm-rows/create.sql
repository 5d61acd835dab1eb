create or replace temp table {{rows}} as
select
    '' as source, 0 as file_id, '' as resource_type, '' as resource_id,
    *,
    '' as reason,               -- the first fault of the row; NULL: none
    []::varchar[] as left_out   -- references that lead nowhere
from cdm.{{table}}
limit 0;
