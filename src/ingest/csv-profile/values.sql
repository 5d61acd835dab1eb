-- The values of the columns that have few different ones.

select column_name as name, list({'value': text, 'rows': rows} order by rows desc, text) as "values"
from (
    select column_name, trim(value) as text, count(*) as rows
    from (unpivot (select {{columns}} from profiled_file) on columns(*) into name column_name value value)
    where text <> ''
    group by all
)
group by column_name
