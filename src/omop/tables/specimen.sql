insert into cdm.specimen by name
select
    cdm_id as specimen_id,
    person_id,
    concept_id as specimen_concept_id,
    type_concept_id as specimen_type_concept_id,
    start_date as specimen_date,
    start_datetime as specimen_datetime,
    quantity,
    unit_concept_id,
    anatomic_site_concept_id,
    resource_id as specimen_source_id,
    source_value as specimen_source_value,
    unit_source_value,
    anatomic_site_source_value
from event_row
where cdm_table = 'specimen';
