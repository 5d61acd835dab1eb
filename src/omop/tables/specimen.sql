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
    mapping.cut(resource_id, 50) as specimen_source_id,
    mapping.cut(source_value, 50) as specimen_source_value,
    mapping.cut(unit_source_value, 50) as unit_source_value,
    mapping.cut(anatomic_site_source_value, 50) as anatomic_site_source_value
from event_row
where cdm_table = 'specimen';
