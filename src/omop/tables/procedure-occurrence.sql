insert into cdm.procedure_occurrence by name
select
    cdm_id as procedure_occurrence_id,
    person_id,
    concept_id as procedure_concept_id,
    start_date as procedure_date,
    start_datetime as procedure_datetime,
    end_date as procedure_end_date,
    end_datetime as procedure_end_datetime,
    type_concept_id as procedure_type_concept_id,
    provider_id,
    visit_occurrence_id,
    visit_detail_id,
    source_value as procedure_source_value,
    source_concept_id as procedure_source_concept_id
from event_row
where cdm_table = 'procedure_occurrence';
