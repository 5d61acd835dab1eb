insert into cdm.care_site by name
select
    site.care_site_id,
    site.name as care_site_name,
    coalesce(place.concept_id, 0) as place_of_service_concept_id,
    address.location_id,
    site.resource_id as care_site_source_value,
    site.place_of_service as place_of_service_source_value
from care_site_row site
left join mapping.concept_map place on place.key = 'place of service:' || site.place_of_service
left join address_row address on address.source = site.source and address.address_key = site.address_key
where site.reason is null;
