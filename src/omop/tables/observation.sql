insert into cdm.observation by name
select
    cdm_id as observation_id,
    person_id,
    event_row.concept_id as observation_concept_id,
    start_date as observation_date,
    start_datetime as observation_datetime,
    type_concept_id as observation_type_concept_id,
    value_number as value_as_number,
    case when value_number is null and coalesce(value_as_concept_id, 0) = 0 then coalesce(value_words, value_text) end as value_as_string,
    value_as_concept_id,
    coalesce(qualified.concept_id, case when qualifier is not null then 0 end, site.concept_id) as qualifier_concept_id,
    unit_concept_id,
    provider_id,
    visit_occurrence_id,
    visit_detail_id,
    event_row.source_value as observation_source_value,
    event_row.source_concept_id as observation_source_concept_id,
    unit_source_value,
    coalesce(qualifier, site.source_value) as qualifier_source_value,
    value_text as value_source_value,
    panel.panel_id as observation_event_id,
    panel.field_concept_id as obs_event_field_concept_id
from event_row
left join mapping.concept_map qualified on qualified.key = 'qualifier:' || qualifier
left join mapping.code_mapping site on site.role = 'anatomic site' and site.code_key = event_row.anatomic_site_key
left join panel_of_row panel on panel.part_table = 'observation' and panel.part_id = event_row.cdm_id
where cdm_table = 'observation';
