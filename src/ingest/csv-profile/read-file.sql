-- The rows of one file as text. What cannot be read as a row is left out and counted by the difference.

create or replace temp table profiled_file as
from read_csv(
    {{path}},
    auto_detect => false, header => true, columns => {{columns}}, delim => {{delimiter}}, quote => '"', escape => '"',
    compression => {{compression}},
    strict_mode => true, ignore_errors => true
);
