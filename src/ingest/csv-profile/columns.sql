-- How much the columns of a file hold.

select
    column_name as name,
    count(*) as filled,
    {{distinct}} as "distinct",
    max(length(text)) as longest,
    min(try_cast(text as double)) as least,
    max(try_cast(text as double)) as greatest
from (
    select column_name, trim(value) as text
    from (unpivot profiled_file on columns(*) into name column_name value value)
)
where text <> ''
group by column_name
