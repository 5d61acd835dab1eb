-- Names and numbers of providers are never copied.

insert into cdm.provider by name
select
    provider.provider_id,
    provider.specialty_concept_id,
    provider.care_site_id,
    try_cast(provider.birth_date[1:4] as integer) as year_of_birth,
    coalesce(gender.concept_id, 0) as gender_concept_id,
    provider.resource_id as provider_source_value,
    provider.specialty_source_value,
    provider.specialty_source_concept_id,
    provider.gender as gender_source_value,
    0 as gender_source_concept_id
from provider_row provider
left join mapping.concept_map gender on gender.key = 'gender:' || provider.gender
where provider.reason is null;
