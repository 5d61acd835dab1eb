-- The addresses of persons and care sites, each once, however many share them. Rules: docs/mapping.md#patient.

create or replace temp table address_row as
select
    source,
    mapping.address_key(address_line_1, address_line_2, city, county, state, zip, country) as address_key,
    mapping.row_id('location', source, address_key, '', 0, 0) as location_id,
    min(address_line_1) as address_line_1,
    min(address_line_2) as address_line_2,
    min(city) as city,
    min(county) as county,
    min(state) as state,
    min(zip) as zip,
    min(country) as country,
    min(latitude) as latitude,
    min(longitude) as longitude
from (
    select source, address_line_1, address_line_2, city, county, state, zip, country, null::double as latitude, null::double as longitude
    from extracted_person
    union all
    select source, address_line_1, address_line_2, city, county, state, zip, country, latitude, longitude
    from extracted_care_site
)
where coalesce(address_line_1, city, state, zip, country) is not null
group by source, address_key;
