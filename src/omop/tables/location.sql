-- Two letters are the state as sent, where it has them, or those of a state of the US. Other states have no place in the CDM and
-- are kept as the source value.

insert into cdm.location by name
select
    address.location_id,
    address.address_line_1 as address_1,
    address.address_line_2 as address_2,
    address.city,
    coalesce(state.code, case when length(address.state) <= 2 then address.state end) as state,
    case when regexp_matches(address.zip, '^\d{5}-\d{4}$') then replace(address.zip, '-', '') else address.zip end as zip,
    address.county,
    case
        when state.code is null and length(address.state) > 2 then address.state
        else address.location_id::varchar
    end as location_source_value,
    coalesce(country.concept_id, case when address.country is not null then 0 end) as country_concept_id,
    address.country as country_source_value,
    address.latitude,
    address.longitude
from address_row address
left join us_state state on state.name = lower(trim(address.state))
left join mapping.concept_map country
    on country.key = 'country:' || upper(address.country)
where (address.source, address.address_key) in (
    select (source, address_key) from person_row where reason is null
    union all
    select (source, address_key) from care_site_row where reason is null
);
