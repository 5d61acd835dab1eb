-- Values are stored as sent: an exact value has no operator, a unit never rescales its value. Rules: docs/mapping.md#observation.

insert into cdm.measurement by name
select
    cdm_id as measurement_id,
    person_id,
    event_row.concept_id as measurement_concept_id,
    start_date as measurement_date,
    start_datetime as measurement_datetime,
    type_concept_id as measurement_type_concept_id,
    operator.concept_id as operator_concept_id,
    value_number as value_as_number,
    value_as_concept_id,
    unit_concept_id,
    range_low,
    range_high,
    provider_id,
    visit_occurrence_id,
    visit_detail_id,
    source_value as measurement_source_value,
    source_concept_id as measurement_source_concept_id,
    unit_source_value,
    unit_source_concept_id,
    value_text as value_source_value,
    panel.panel_id as measurement_event_id,
    panel.field_concept_id as meas_event_field_concept_id
from event_row
left join mapping.concept_map operator on operator.key = 'comparator:' || comparator
left join panel_of_row panel on panel.part_table = 'measurement' and panel.part_id = event_row.cdm_id
where cdm_table = 'measurement';
