-- Organization → care_site, but for insurers. Rules: docs/mapping.md#organization-and-location.

select
    landing_source as source,
    landing_file as file_id,
    'Organization' as resource_type,
    id as resource_id,
    case
        when mapping.is_modified("modifierExtension") then 'MODIFIER_EXTENSION'
        when list_has_any(types, ['ins', 'pay']) then 'INSURER'
    end as refused,
    name,
    address[1].line[1] as address_line_1,
    address[1].line[2] as address_line_2,
    address[1].city as city,
    address[1].district as county,
    address[1].state as state,
    address[1]."postalCode" as zip,
    address[1].country as country,
    mapping.names_of('Organization', id, identifier) as names
from (
    select *, list_transform(flatten(list_transform(type, lambda x: x.coding)), lambda x: x.code) as types
    from landing.organization
)
