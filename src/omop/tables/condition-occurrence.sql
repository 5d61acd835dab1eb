insert into cdm.condition_occurrence by name
select
    cdm_id as condition_occurrence_id,
    person_id,
    event_row.concept_id as condition_concept_id,
    start_date as condition_start_date,
    start_datetime as condition_start_datetime,
    end_date as condition_end_date,
    end_datetime as condition_end_datetime,
    type_concept_id as condition_type_concept_id,
    coalesce(status.concept_id, case when condition_status is not null then 0 end) as condition_status_concept_id,
    stop_reason,
    provider_id,
    visit_occurrence_id,
    visit_detail_id,
    source_value as condition_source_value,
    source_concept_id as condition_source_concept_id,
    condition_status as condition_status_source_value
from event_row
left join mapping.concept_map status on status.key = 'condition status:' || condition_status
where cdm_table = 'condition_occurrence';
