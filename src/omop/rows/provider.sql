-- Providers with their ids. Rules: docs/mapping.md#practitioner.

create or replace temp table provider_row as
select
    provider.* exclude (refused, specialty, care_site),
    refused as reason,
    specialty.code_key as specialty_key,
    coalesce(specialty.concept_id, 0) as specialty_concept_id,
    specialty.source_value as specialty_source_value,
    coalesce(specialty.source_concept_id, 0) as specialty_source_concept_id,
    site.care_site_id,
    mapping.row_id('provider', provider.source, provider.resource_type, provider.resource_id, 0, 0) as provider_id
from extracted_provider provider
left join code_mapping specialty on specialty.role = 'specialty' and specialty.code_key = hash(provider.specialty)
left join care_site_key site on site.source = provider.source and site.name = provider.care_site;
