-- Of several records with one id one stays, chosen by content, so that the order of the input has no say. The others are
-- counted with the file they came from.

create or replace temp table superseded as
with identified as (
    select line.landing_place, line.landing_file, line.landing_row, {{id}} as id
    from {{rows}}
)

select landing_place, landing_file
from (
    select
        identified.*,
        row_number() over (partition by id order by split_part(landing_row, '-', 1), file.path) as rank
    from identified
    join meta.file file on file.file_id = identified.landing_file
    where id in (select id from identified group by all having count(*) > 1)
)
where rank > 1;

update meta.file_records
set superseded = file_records.superseded + older.records
from (select landing_file, count(*) as records from superseded group by all) older
where file_records.file_id = older.landing_file and file_records.resource_type = {{file}};

delete from {{table}} where rowid in (select landing_place from superseded);

drop table superseded;
