-- Location → care_site and location. Rules: docs/mapping.md#organization-and-location.

select
    landing_source as source,
    landing_file as file_id,
    'Location' as resource_type,
    id as resource_id,
    case when mapping.is_modified("modifierExtension") then 'MODIFIER_EXTENSION' end as refused,
    name,
    type[1].coding[1].code as place_of_service,
    address.line[1] as address_line_1,
    address.line[2] as address_line_2,
    address.city as city,
    address.district as county,
    address.state as state,
    address."postalCode" as zip,
    address.country as country,
    position.latitude as latitude,
    position.longitude as longitude,
    mapping.names_of('Location', id, identifier) as names
from landing.location
