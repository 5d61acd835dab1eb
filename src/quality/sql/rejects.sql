-- What was put aside of the CSV files of a run, to be corrected and fed back.

copy (
    select
        path as file,
        line,
        column_name as "column",
        value,
        code,
        reason,
        "row"
    from meta.csv_reject
    join meta.file using (file_id)
    where list_contains({{files}}, file_id)
    order by file, line
) to {{path}} (format csv, header);
