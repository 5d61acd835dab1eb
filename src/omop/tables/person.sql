-- Rules: docs/mapping.md#patient. Names, identifiers and contacts are never copied.

insert into cdm.person by name
select
    person.person_id,
    coalesce(gender.concept_id, 0) as gender_concept_id,
    person.birth_date[1:4]::integer as year_of_birth,
    case when length(person.birth_date) >= 7 then month(mapping.calendar_day(person.birth_date[1:7])) end as month_of_birth,
    case when length(person.birth_date) >= 10 then day(mapping.calendar_day(person.birth_date)) end as day_of_birth,
    coalesce(person.birth_datetime, case when length(person.birth_date) = 10 then mapping.calendar_day(person.birth_date) end) as birth_datetime,
    coalesce(race.concept_id, 0) as race_concept_id,
    coalesce(ethnicity.concept_id, 0) as ethnicity_concept_id,
    address.location_id,
    provider.provider_id,
    site.care_site_id,
    person.resource_id as person_source_value,
    person.gender as gender_source_value,
    -- The codes of birth sex are those of the vocabulary.
    coalesce(case when person.gender in ('M', 'F') then gender.concept_id end, 0) as gender_source_concept_id,
    nullif(array_to_string(person.races, ';'), '') as race_source_value,
    0 as race_source_concept_id,
    person.ethnicity as ethnicity_source_value,
    0 as ethnicity_source_concept_id
from person_row person
left join mapping.concept_map gender
    on gender.key = 'gender:' || person.gender
left join mapping.concept_map race
    on race.key = 'race:' || case when len(person.known_races) > 1 then 'multiple' else person.known_races[1] end
left join mapping.concept_map ethnicity
    on ethnicity.key = 'ethnicity:' || person.ethnicity
left join address_row address
    on address.source = person.source and address.address_key = person.address_key
left join provider_key provider on provider.source = person.source and provider.name = person.provider
left join care_site_key site on site.source = person.source and site.name = person.care_site
where person.reason is null;
