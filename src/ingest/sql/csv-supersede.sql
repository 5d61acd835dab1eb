-- Of several persons or visits with one id one stays, chosen by content, so that the order of the input has no say. The
-- others are counted with the file they came from.

create or replace temp table superseded as
select row_number, landing_file
from (
    select
        line.rowid as row_number,
        line.landing_file,
        row_number() over (partition by {{id}} order by split_part(line.landing_row, '-', 1), file.path) as rank
    from {{table}} line
    join meta.file file on file.file_id = line.landing_file
    where line.landing_source = {{source}}
        and {{id}} in (
            select {{id}} from {{table}} line where line.landing_source = {{source}} group by all having count(*) > 1
        )
)
where rank > 1;

update meta.file_records
set superseded = file_records.superseded + older.records
from (select landing_file, count(*) as records from superseded group by all) older
where file_records.file_id = older.landing_file and file_records.resource_type = {{file}};

delete from {{table}} where rowid in (select row_number from superseded);

drop table superseded;
