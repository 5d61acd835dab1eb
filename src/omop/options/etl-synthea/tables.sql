-- Option ruleset "etl-synthea": the columns that ETL-Synthea fills otherwise. Times are midnight; concepts that nobody gave are 0,
-- not NULL; all but prescriptions came from encounter records; each visit has a detail that repeats it; all providers are general
-- practitioners; a death has the date of its certificate.

update cdm.visit_occurrence
set
    visit_source_value = visit.resource_id,
    visit_end_datetime = visit_occurrence.visit_end_date,
    admitted_from_concept_id = 0,
    discharged_to_concept_id = 0
from visit_row visit
where visit.visit_id = visit_occurrence_id and visit.reason is null;

insert into cdm.visit_detail by name
select
    key.visit_detail_id,
    visit.person_id,
    visit_concept_id as visit_detail_concept_id,
    visit_occurrence.visit_start_date as visit_detail_start_date,
    visit_occurrence.visit_start_datetime as visit_detail_start_datetime,
    visit_occurrence.visit_end_date as visit_detail_end_date,
    visit_occurrence.visit_end_datetime as visit_detail_end_datetime,
    visit_type_concept_id as visit_detail_type_concept_id,
    visit_occurrence.provider_id,
    visit_occurrence.care_site_id,
    visit_source_value as visit_detail_source_value,
    visit_source_concept_id as visit_detail_source_concept_id,
    admitted_from_concept_id,
    discharged_to_concept_id,
    visit_occurrence.visit_occurrence_id
from cdm.visit_occurrence
join visit_row visit on visit.visit_id = visit_occurrence.visit_occurrence_id and visit.reason is null
join visit_key key on key.source = visit.source and key.encounter_id = visit.resource_id;

update cdm.condition_occurrence
set
    condition_start_datetime = condition_start_date,
    condition_end_datetime = condition_end_date,
    condition_status_concept_id = coalesce(condition_status_concept_id, 0),
    condition_type_concept_id = type.concept_id
from mapping.concept_map type
where type.key = 'type:EHR encounter record';

update cdm.procedure_occurrence
set
    procedure_datetime = procedure_date,
    procedure_end_datetime = procedure_end_date,
    modifier_concept_id = coalesce(modifier_concept_id, 0),
    procedure_type_concept_id = type.concept_id
from mapping.concept_map type
where type.key = 'type:EHR encounter record';

update cdm.measurement
set
    measurement_datetime = measurement_date,
    measurement_time = measurement_date::varchar,
    operator_concept_id = coalesce(operator_concept_id, 0),
    value_as_concept_id = coalesce(value_as_concept_id, 0),
    unit_concept_id = coalesce(unit_concept_id, 0),
    measurement_type_concept_id = type.concept_id
from mapping.concept_map type
where type.key = 'type:EHR encounter record';

update cdm.observation
set
    observation_datetime = observation_date,
    value_as_concept_id = coalesce(value_as_concept_id, 0),
    qualifier_concept_id = coalesce(qualifier_concept_id, 0),
    unit_concept_id = coalesce(unit_concept_id, 0),
    observation_type_concept_id = type.concept_id
from mapping.concept_map type
where type.key = 'type:EHR encounter record';

update cdm.device_exposure
set
    device_exposure_start_datetime = device_exposure_start_date,
    device_exposure_end_datetime = device_exposure_end_date,
    device_type_concept_id = type.concept_id
from mapping.concept_map type
where type.key = 'type:EHR encounter record';

-- A drug ends when it was stopped, else on the day it began.
update cdm.drug_exposure
set
    drug_exposure_start_datetime = drug_exposure_start_date,
    drug_exposure_end_date = coalesce(event.end_date, event.start_date),
    drug_exposure_end_datetime = coalesce(event.end_date, event.start_date),
    verbatim_end_date = event.end_date,
    refills = 0,
    quantity = 0,
    days_supply = date_diff('day', event.start_date, coalesce(event.end_date, event.start_date)),
    route_concept_id = coalesce(route_concept_id, 0),
    drug_type_concept_id = case when event.role = 'vaccine' then type.concept_id else drug_type_concept_id end
from event_row event
join mapping.concept_map type on type.key = 'type:EHR encounter record'
where event.cdm_table = 'drug_exposure' and event.cdm_id = drug_exposure_id;

update cdm.provider
set specialty_concept_id = general.concept_id, specialty_source_concept_id = general.concept_id, care_site_id = null
from mapping.concept_map general
where general.key = 'specialty:general practice';

update cdm.death
set death_date = certified.date, death_datetime = certified.date
from (
    select person_id, min(visit_start_date) as date
    from visit_judged
    where type_source_value = '308646001' and person_id is not null
    group by person_id
) certified
where certified.person_id = death.person_id;
