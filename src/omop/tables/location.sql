insert into cdm.location by name
select
    address.location_id,
    mapping.cut(address.address_line_1, 50) as address_1,
    mapping.cut(address.address_line_2, 50) as address_2,
    mapping.cut(address.city, 50) as city,
    coalesce(state.code, mapping.cut(address.state, 2)) as state,
    mapping.cut(address.zip, 9) as zip,
    mapping.cut(address.county, 20) as county,
    address.location_id::varchar as location_source_value,
    coalesce(country.concept_id, case when address.country is not null then 0 end) as country_concept_id,
    mapping.cut(address.country, 80) as country_source_value,
    address.latitude,
    address.longitude
from address_row address
left join us_state state on state.name = lower(address.state)
left join mapping.concept_map country
    on country.key = 'country:' || upper(address.country)
where (address.source, address.address_key) in (
    select (source, address_key) from person_row where reason is null
    union all
    select (source, address_key) from care_site_row where reason is null
);
