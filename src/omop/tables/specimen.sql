insert into cdm.specimen by name
select
    cdm_id as specimen_id,
    person_id,
    event.concept_id as specimen_concept_id,
    type_concept_id as specimen_type_concept_id,
    start_date as specimen_date,
    start_datetime as specimen_datetime,
    quantity,
    unit_concept_id,
    site.concept_id as anatomic_site_concept_id,
    resource_id as specimen_source_id,
    event.source_value as specimen_source_value,
    unit_source_value as unit_source_value,
    site.source_value as anatomic_site_source_value
from event_row event
left join mapping.code_mapping site on site.role = 'anatomic site' and site.code_key = event.anatomic_site_key
where cdm_table = 'specimen';
