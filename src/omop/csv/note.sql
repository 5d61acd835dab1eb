-- Rows of a CSV file as notes.

select
    landing_source as source,
    landing_file as file_id,
    {{file}} as resource_type,
    landing_row as resource_id,
    {{part}} as part,
    person as patient_id,
    visit as encounter_id,
    start as start_text,
    {{type}} as type,
    mapping.concept_of(system, code, display) as class,
    title,
    text,
    language,
    'Practitioner/' || provider as provider
from (
    {{values}}
)
