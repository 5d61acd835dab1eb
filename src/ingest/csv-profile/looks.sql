-- What the values of a file's columns look like, in every {{every}}th of its rows. Each value is looked at once.

with value as (
    select column_name, trim(value) as text, count(*) as rows
    from (
        unpivot (select * from profiled_file where rowid % {{every}} = 0) on columns(*)
        into name column_name value value
    )
    where trim(value) <> ''
    group by all
),

day as (
    select
        *,
        -- A date may stand before a time.
        case
            when length(text) between 6 and 40
            then regexp_extract(text, '^(\d{1,4}[-/.]?\w{2,3}[-/.]?\d{2,4}|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4})([ T]\d{1,2}:\d{2}.*)?$', 1)
        end as day_text,
        regexp_extract(text, '[ T]\d{1,2}:\d{2}.*$') as time_text,
        case
            when time_text <> ''
            then concat(
                time_text[1], '%H:%M',
                case when regexp_matches(time_text, '^.\d+:\d+:\d') then ':%S' end,
                case when regexp_matches(time_text, ':\d+\.\d') then '.%f' end,
                case when regexp_matches(time_text, '(Z|[+-]\d{2}:?\d{2})$') then '%z' end
            )
        end as time_format
    from value
)

select
    column_name as name,
    sum(rows)::bigint as seen,
    coalesce(sum(rows) filter (regexp_full_match(text, '[+-]?\d{1,18}')), 0)::bigint as integers,
    coalesce(sum(rows) filter (regexp_full_match(text, '[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?')), 0)::bigint as decimals,
    coalesce(sum(rows) filter (regexp_full_match(text, '[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+')), 0)::bigint as decimal_commas,
    coalesce(sum(rows) filter (regexp_full_match(text, '0\d+')), 0)::bigint as leading_zeros,
    coalesce(sum(rows) filter (lower(text) in ('true', 'false', 'yes', 'no', 'y', 'n', 't', 'f')), 0)::bigint as booleans,
    coalesce(sum(rows) filter (length(text) = 36 and regexp_full_match(text, '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}')), 0)::bigint as uuids,
    coalesce(sum(rows) filter (regexp_full_match(text, '(18|19|20)\d{2}(-(0[1-9]|1[0-2]))?')), 0)::bigint as partial_dates,
    coalesce(sum(rows) filter (contains(text, ':')), 0)::bigint as times,
    mode(time_format) as time_format,
    [{{dates}}]::struct(format varchar, fits bigint, first_year bigint, last_year bigint)[] as dates,
    [{{shapes}}]::struct(vocabulary varchar, fits bigint)[] as shapes
from day
group by column_name
