-- Rows that are kept though they cannot be as they are: each with what is wrong with it. Rules: docs/mapping.md#implausible-rows.

create or replace view mapping.implausible as
with dated as (
    select 'visit_occurrence' as cdm_table, visit_occurrence_id as cdm_id, person_id, visit_start_date as start_date, visit_end_date as end_date
    from cdm.visit_occurrence
    union all
    select 'visit_detail', visit_detail_id, person_id, visit_detail_start_date, visit_detail_end_date
    from cdm.visit_detail
    union all
    select 'condition_occurrence', condition_occurrence_id, person_id, condition_start_date, condition_end_date
    from cdm.condition_occurrence
    union all
    select 'drug_exposure', drug_exposure_id, person_id, drug_exposure_start_date, drug_exposure_end_date
    from cdm.drug_exposure
    union all
    select 'procedure_occurrence', procedure_occurrence_id, person_id, procedure_date, procedure_end_date
    from cdm.procedure_occurrence
    union all
    select 'device_exposure', device_exposure_id, person_id, device_exposure_start_date, device_exposure_end_date
    from cdm.device_exposure
    union all
    select 'measurement', measurement_id, person_id, measurement_date, null
    from cdm.measurement
    union all
    select 'observation', observation_id, person_id, observation_date, null
    from cdm.observation
    union all
    select 'specimen', specimen_id, person_id, specimen_date, null
    from cdm.specimen
    union all
    select 'note', note_id, person_id, note_date, null
    from cdm.note
    union all
    select 'payer_plan_period', payer_plan_period_id, person_id, payer_plan_period_start_date, payer_plan_period_end_date
    from cdm.payer_plan_period
    union all
    select 'death', person_id, person_id, death_date, null
    from cdm.death
),

life as (
    select
        person_id,
        try(make_date(year_of_birth::integer, coalesce(month_of_birth, 1)::integer, coalesce(day_of_birth, 1)::integer)) as birth,
        death_date
    from cdm.person
    left join cdm.death using (person_id)
)

select
    cdm_table,
    cdm_id,
    person_id,
    unnest(list_filter(
        [
            case when end_date < start_date then 'END_BEFORE_START' end,
            case when start_date < birth and cdm_table <> 'payer_plan_period' then 'BEFORE_BIRTH' end,
            -- What is recorded in the two months after a death may be about the death.
            case when start_date > death_date + 60 then 'AFTER_DEATH' end,
            case when start_date < date '1900-01-01' then 'BEFORE_1900' end,
            case when start_date > current_date and cdm_table <> 'payer_plan_period' then 'IN_FUTURE' end
        ],
        lambda problem: problem is not null
    )) as problem
from dated
join life using (person_id)
where end_date < start_date
    or start_date < greatest(birth, date '1900-01-01')
    or start_date > least(death_date + 60, current_date)
union all
-- Base excess and the axis of the heart are negative in health (CDM 5.4, MEASUREMENT.value_as_number; Themis #16).
select 'measurement', measurement_id, person_id, 'NEGATIVE_VALUE'
from cdm.measurement
left join (
    select concept_id, concept_code
    from vocab.concept
    where vocabulary_id = 'LOINC'
) measured on measured.concept_id = measurement_concept_id
where value_as_number < 0
    -- A code that the vocabulary does not have is still the code that was sent.
    and coalesce(measured.concept_code, measurement_source_value, '')
        not in ('1925-7', '1926-5', '1927-3', '8632-2', '11555-0', '28638-7', '28639-5');
