-- What the rows of one file were corrected to: those that could not be read, and those that have landed. Of rows with the same
-- content the first takes the first of their corrections, and the last of these holds for all that are left.

with correction as (
    select
        "row",
        landing_row,
        corrected,
        row_number() over (partition by landing_row, "row" order by rowid) as number,
        count(*) over (partition by landing_row, "row") as corrections
    from meta.csv_correction
    where source = {{source}} and file = {{file}}
),

rejected as (
    select
        line,
        landing_row,
        "row",
        row_number() over (partition by landing_row, "row" order by line) as number
    from meta.csv_reject
    where file_id = {{file_id}}
),

landed as (
    select
        landing_line,
        split_part(landing_row, '-', 1) as content,
        row_number() over (partition by content order by landing_line, landing_row) as number
    from {{table}}
    where landing_file = {{file_id}} and content in (select landing_row from correction)
)

select rejected.line, null as landing_row, rejected."row", correction.corrected
from rejected
join correction
    on correction."row" = rejected."row" and correction.number = least(rejected.number, correction.corrections)
where rejected.landing_row is null and correction.landing_row is null
union all
select coalesce(landed.landing_line, rejected.line), correction.landing_row, correction."row", correction.corrected
from landed
join correction
    on correction.landing_row = landed.content and correction.number = least(landed.number, correction.corrections)
left join rejected on rejected.landing_row = landed.content and rejected.number = landed.number
order by all;
