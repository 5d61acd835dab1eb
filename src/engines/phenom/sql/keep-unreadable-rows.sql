-- What DuckDB's reader put aside, without the rows themselves. It counts the header as a row.
insert into {{job}}.unreadable_row
select distinct {{file_number}}, line - 1,
    case error_type
        when 'MISSING COLUMNS' then 'the row has fewer columns than the header'
        when 'TOO MANY COLUMNS' then 'the row has more columns than the header'
        when 'INVALID ENCODING' then 'the row is not UTF-8 text'
        else 'the row could not be read as CSV'
    end
from csv_reject;

drop table csv_reject;
drop table csv_reject_scan;
