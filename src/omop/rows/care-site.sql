-- Care sites with their ids: organizations and locations. Rules: docs/mapping.md#organization-and-location.

create or replace temp table care_site_row as
select
    site.* exclude (refused),
    refused as reason,
    mapping.address_key(address_line_1, address_line_2, city, county, state, zip, country) as address_key,
    mapping.row_id('care_site', source, resource_type, resource_id, 0, 0) as care_site_id
from extracted_care_site site;
