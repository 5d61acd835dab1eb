-- Sources whose times are on clocks more than an hour apart, which summer time does not explain: how many there are on each. The
-- columns are those by which most records are dated.

with written as (
    select landing_source as source, period.start as text from landing.encounter
    union all
    select landing_source, "effectiveDateTime" from landing.observation
    union all
    select landing_source, "onsetDateTime" from landing.condition
    union all
    select landing_source, "performedDateTime" from landing.procedure
    union all
    select landing_source, "performedPeriod".start from landing.procedure
    union all
    select landing_source, "authoredOn" from landing.medication_request
),

counted as (
    select source, case when text[-1] = 'Z' then '+00:00' else text[-6:] end as clock, count(*) as times
    from written
    where strlen(text) > 19
    group by all
),

known as (
    select
        source,
        clock,
        times,
        clock[1:3]::integer * 60 + (clock[1] || clock[5:6])::integer as minutes
    from counted
    where regexp_full_match(clock, '[+-](0\d|1[0-4]):[0-5]\d')
)

select source, string_agg(times || ' at ' || clock, ', ' order by times desc, clock) as clocks
from known
group by source
having max(minutes) - min(minutes) > 60
order by source;
