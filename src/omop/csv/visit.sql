-- Rows of a CSV file as visits.

select
    landing_source as source,
    landing_file as file_id,
    {{file}} as resource_type,
    coalesce(id, landing_row) as resource_id,
    person as patient_id,
    case when id is null then 'NO_ID' end as refused,
    class,
    mapping.concept_of(system, code, display) as type,
    start as start_text,
    "end" as end_text,
    part_of as parent_id,
    'Practitioner/' || provider as provider,
    'Organization/' || care_site as care_site,
    admitted_from,
    discharged_to
from (
    {{values}}
)
