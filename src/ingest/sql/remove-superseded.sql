-- Takes the rows found out of the landing table, and counts them with the file they came from.

update meta.file_records
set superseded = file_records.superseded + older.records
from (select landing_file, count(*) as records from superseded group by all) older
where file_records.file_id = older.landing_file and file_records.resource_type = {{resource_type}};

delete from {{table}} where rowid in (select row_number from superseded);

drop table superseded;
