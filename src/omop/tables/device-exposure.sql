insert into cdm.device_exposure by name
select
    cdm_id as device_exposure_id,
    person_id,
    concept_id as device_concept_id,
    start_date as device_exposure_start_date,
    start_datetime as device_exposure_start_datetime,
    end_date as device_exposure_end_date,
    end_datetime as device_exposure_end_datetime,
    type_concept_id as device_type_concept_id,
    unique_device_id,
    production_id,
    try_cast(coalesce(quantity, 1) as integer) as quantity,
    provider_id,
    visit_occurrence_id,
    visit_detail_id,
    source_value as device_source_value,
    source_concept_id as device_source_concept_id
from event_row
where cdm_table = 'device_exposure';
