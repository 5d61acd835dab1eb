-- Rows that were read one by one into their landing table, as csv-land.sql does it with a file: $1 is JSON, a list of lists,
-- each of the line and the cells of a row.

insert into {{table}} by name
select
    {{source}} as landing_source,
    {{file_id}} as landing_file,
    md5(concat_ws(chr(31), {{content}})) as landing_row,
    *
from (
    select cells[1]::bigint as landing_line, {{cells}}
    from (select unnest(json_transform($1::json, '[["VARCHAR"]]')) as cells)
);
