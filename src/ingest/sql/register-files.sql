-- A file that was read before keeps its number.

create or replace temp table landing_file (
    file_id integer, source varchar, path varchar, format varchar, bytes bigint, modified timestamp, landing_layout varchar
);

insert into landing_file
select
    coalesce(known.file_id, (select coalesce(max(file_id), 0) from meta.file) + row_number() over (order by known.file_id is null desc, found.path)),
    found.source,
    found.path,
    found.format,
    found.bytes,
    found.modified,
    found.layout
from (
    select unnest(json_transform(
        $1::json, '[{"source":"VARCHAR","path":"VARCHAR","format":"VARCHAR","bytes":"BIGINT","modified":"TIMESTAMP","layout":"VARCHAR"}]'
    ), recursive := true)
) found
left join meta.file known on known.path = found.path and known.source = found.source;

insert into meta.file by name
select
    file_id,
    source,
    path,
    format,
    bytes,
    {{run_id}} as run_id,
    current_timestamp::timestamp as loaded_at,
    modified,
    landing_layout
from landing_file;
