-- One file into its landing table, every column as text. What the reader refuses goes to csv_reject, with its place.
-- The id of a row is made of its content, by column name, so that neither its place nor the order of columns has a say.

insert into {{table}} by name
select
    {{source}} as landing_source,
    {{file_id}} as landing_file,
    md5(concat_ws(chr(31), {{content}})) as landing_row,
    *
from read_csv(
    {{path}},
    auto_detect => false, header => true, columns => {{columns}}, delim => {{delimiter}}, quote => '"', escape => '"',
    compression => {{compression}},
    strict_mode => true, store_rejects => true, rejects_table => 'csv_reject', rejects_scan => 'csv_reject_scan'
);
