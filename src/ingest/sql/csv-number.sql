-- Rows of the same content are told apart by a number: one keeps its id, the others get '-2', '-3', …

update {{table}}
set landing_row = numbered.landing_row
from (
    select
        line.rowid as row_number,
        split_part(line.landing_row, '-', 1) as content,
        row_number() over (partition by content order by file.path) as number,
        content || case when number > 1 then '-' || number else '' end as landing_row
    from {{table}} line
    join meta.file file on file.file_id = line.landing_file
    where line.landing_source = {{source}}
        and (
            contains(line.landing_row, '-')
            or split_part(line.landing_row, '-', 1) in (
                select split_part(landing_row, '-', 1) from {{table}} where landing_source = {{source}} group by all having count(*) > 1
            )
        )
) numbered
where numbered.row_number = {{table}}.rowid;
