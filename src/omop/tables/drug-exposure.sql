-- The end is required: what the record says, else as many days as the extract of its resource says.
-- Rules: docs/mapping.md#medication.

insert into cdm.drug_exposure by name
select
    cdm_id as drug_exposure_id,
    person_id,
    event.concept_id as drug_concept_id,
    start_date as drug_exposure_start_date,
    start_datetime as drug_exposure_start_datetime,
    coalesce(
        mapping.known_end_of_exposure(start_date, verbatim_end_date, days_supply, end_date),
        start_date + coalesce(default_days - 1, 0)
    ) as drug_exposure_end_date,
    case when verbatim_end_date is not null or days_supply is null then end_datetime end as drug_exposure_end_datetime,
    verbatim_end_date,
    type_concept_id as drug_type_concept_id,
    stop_reason,
    refills,
    quantity,
    days_supply,
    sig,
    route.concept_id as route_concept_id,
    lot_number,
    provider_id,
    visit_occurrence_id,
    visit_detail_id,
    event.source_value as drug_source_value,
    event.source_concept_id as drug_source_concept_id,
    route.source_value as route_source_value,
    dose_unit as dose_unit_source_value
from event_row event
left join mapping.code_mapping route on route.role = 'route' and route.code_key = event.route_key
where cdm_table = 'drug_exposure';
