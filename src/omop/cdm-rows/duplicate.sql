-- Of several rows with one key the first counts, and one that was mapped from other data before all.

update {{rows}}
set reason = {{fault}}
from (
    select
        rowid as row_number,
        {{key}} in (select {{key}} from cdm.{{table}})
            or row_number() over (partition by {{key}} order by resource_type, resource_id, source) > 1 as is_taken
    from {{rows}}
    where reason is null
) judged
where judged.row_number = {{rows}}.rowid and is_taken;
