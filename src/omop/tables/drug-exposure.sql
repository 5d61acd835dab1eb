-- The end is required: what the record says, else start + days of supply - 1, else 30 days for a written prescription
-- (Themis #57), else the start. Rules: docs/mapping.md#medicationrequest.

insert into cdm.drug_exposure by name
select
    cdm_id as drug_exposure_id,
    person_id,
    concept_id as drug_concept_id,
    start_date as drug_exposure_start_date,
    start_datetime as drug_exposure_start_datetime,
    coalesce(
        case when days_supply > 0 then try(start_date + (days_supply - 1)) end,
        end_date,
        case when type = 'EHR prescription' then start_date + 29 end,
        start_date
    ) as drug_exposure_end_date,
    case when days_supply is null then end_datetime end as drug_exposure_end_datetime,
    type_concept_id as drug_type_concept_id,
    mapping.cut(stop_reason, 20) as stop_reason,
    refills,
    quantity,
    days_supply,
    sig,
    route_concept_id,
    mapping.cut(lot_number, 50) as lot_number,
    visit_occurrence_id,
    mapping.cut(source_value, 50) as drug_source_value,
    source_concept_id as drug_source_concept_id,
    mapping.cut(route_source_value, 50) as route_source_value,
    mapping.cut(dose_unit, 50) as dose_unit_source_value
from event_row
where cdm_table = 'drug_exposure';
