-- The addresses of persons, each once, however many live there. Rules: docs/mapping.md#patient.

create or replace temp table address_row as
select
    source,
    lower(concat_ws('|', address_line_1, address_line_2, city, county, state, zip, country)) as address_key,
    mapping.row_id('location', source, address_key, '', 0, 0) as location_id,
    any_value(address_line_1) as address_line_1,
    any_value(address_line_2) as address_line_2,
    any_value(city) as city,
    any_value(county) as county,
    any_value(state) as state,
    any_value(zip) as zip,
    any_value(country) as country
from extracted_person
where coalesce(address_line_1, city, state, zip, country) is not null
group by source, address_key;
