-- Rows of one landing table that mapping dropped for what stands in them.

select
    file.file_id,
    file.path,
    file.bytes,
    layout.delimiter,
    layout.header,
    dropped.reason,
    landed.landing_row,
    landed.landing_line,
    landed as landed
from (
    select line.landing_place, line.landing_file, coalesce({{id}}, line.landing_row) as resource_id
    from {{rows}}
) record
join mapping.dropped dropped
    on dropped.file_id = record.landing_file and dropped.resource_type = {{file}} and dropped.resource_id = record.resource_id
join {{table}} landed on landed.rowid = record.landing_place
join meta.file file on file.file_id = dropped.file_id
join meta.csv_layout layout on layout.file_id = dropped.file_id and not layout.transformed
where dropped.whole_record
    and (list_contains({{reasons}}, dropped.reason) or list_contains({{reasons_of_cdm}}, split_part(dropped.reason, ' ', 1)))
qualify row_number() over (partition by file.file_id order by landed.landing_line, landed.landing_row) <= {{most}}
order by all;
