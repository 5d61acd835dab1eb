-- A file that was read before is read anew: what it gave then goes, and its number stays.

create or replace temp table landing_file (file_id integer, path varchar, format varchar, bytes bigint);

insert into landing_file
select
    coalesce(known.file_id, (select coalesce(max(file_id), 0) from meta.file) + row_number() over (order by known.file_id is null desc, found.path)),
    found.path,
    found.format,
    found.bytes
from (select unnest(json_transform($1::json, '[{"path":"VARCHAR","format":"VARCHAR","bytes":"BIGINT"}]'), recursive := true)) found
left join meta.file known on known.path = found.path and known.source = {{source}};

delete from meta.file where file_id in (select file_id from landing_file);
delete from meta.file_records where file_id in (select file_id from landing_file);
delete from meta.quarantine where file_id in (select file_id from landing_file);
delete from meta.unread_element where file_id in (select file_id from landing_file);
delete from meta.csv_layout where file_id in (select file_id from landing_file);
delete from meta.csv_reject where file_id in (select file_id from landing_file);

insert into meta.file
select file_id, {{source}}, path, format, bytes, {{run_id}}, current_timestamp::timestamp from landing_file;
