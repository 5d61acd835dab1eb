-- Persons with their ids, and why some are not taken. Rules: docs/mapping.md#patient.

create or replace temp table person_row as
select
    extracted.*,
    coalesce(
        refused,
        case
            when mapping.calendar_day(birth_date[1:4]) is null then 'NO_BIRTH_DATE'
            -- One patient of one source, given both as FHIR and as CSV: the first that is taken counts.
            when row_number() over (
                partition by source, resource_id
                order by refused is not null or mapping.calendar_day(birth_date[1:4]) is null, resource_type
            ) > 1 then 'DUPLICATE'
        end
    ) as reason,
    -- Codes of the flavours of null say that a race is not known, not that there is one more.
    list_distinct(list_filter(races, lambda race: race not in ('UNK', 'ASKU', 'NASK', 'NI', 'MSK'))) as known_races,
    mapping.address_key(address_line_1, address_line_2, city, county, state, zip, country) as address_key,
    mapping.row_id('person', source, resource_type, resource_id, 0, 0) as person_id
from extracted_person extracted;
