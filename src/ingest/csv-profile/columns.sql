-- What the columns of a file hold, in one pass over its values.

with value as (
    select
        column_name,
        text,
        -- A date may stand before a time.
        regexp_extract(text, '^(\d{1,4}[-/.]?\w{2,3}[-/.]?\d{2,4}|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4})([ T]\d{1,2}:\d{2}.*)?$', 1) as day_text
    from (
        select column_name, trim(value) as text
        from (unpivot profiled_file on columns(*) into name column_name value value)
    )
    where text <> ''
)

select
    column_name as name,
    count(*) as filled,
    {{distinct}} as "distinct",
    max(length(text)) as longest,
    count(*) filter (regexp_full_match(text, '[+-]?\d{1,18}')) as integers,
    count(*) filter (regexp_full_match(text, '[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?')) as decimals,
    count(*) filter (regexp_full_match(text, '0\d+')) as leading_zeros,
    count(*) filter (lower(text) in ('true', 'false', 'yes', 'no', 'y', 'n', 't', 'f')) as booleans,
    count(*) filter (regexp_full_match(text, '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}')) as uuids,
    count(*) filter (regexp_full_match(text, '(18|19|20)\d{2}(-(0[1-9]|1[0-2]))?')) as partial_dates,
    count(*) filter (contains(text, ':')) as times,
    min(try_cast(text as double)) as least,
    max(try_cast(text as double)) as greatest,
    [{{dates}}]::struct(format varchar, fits bigint, first_year bigint, last_year bigint)[] as dates,
    [{{shapes}}]::struct(vocabulary varchar, fits bigint)[] as shapes
from value
group by column_name
