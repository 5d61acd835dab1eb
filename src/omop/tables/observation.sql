insert into cdm.observation by name
select
    cdm_id as observation_id,
    person_id,
    event_row.concept_id as observation_concept_id,
    start_date as observation_date,
    start_datetime as observation_datetime,
    type_concept_id as observation_type_concept_id,
    value_number as value_as_number,
    case when value_number is null and coalesce(value_as_concept_id, 0) = 0 then mapping.cut(value_text, 60) end as value_as_string,
    value_as_concept_id,
    coalesce(qualified.concept_id, case when qualifier is not null then 0 end) as qualifier_concept_id,
    unit_concept_id,
    provider_id,
    visit_occurrence_id,
    visit_detail_id,
    mapping.cut(source_value, 50) as observation_source_value,
    source_concept_id as observation_source_concept_id,
    mapping.cut(unit_source_value, 50) as unit_source_value,
    mapping.cut(qualifier, 50) as qualifier_source_value,
    mapping.cut(value_text, 50) as value_source_value
from event_row
left join mapping.concept_map qualified on qualified.key = 'qualifier:' || qualifier
where cdm_table = 'observation';
