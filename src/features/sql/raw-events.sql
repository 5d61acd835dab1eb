-- The events of the CDM that count, one shape for all four kinds, still with the concepts and codes of the CDM.

-- How a flag is known: the interpretation of the record that the row came from, or of a row whose value it is.
create or replace temp table abnormal_flag as
select interpretation, flag
from read_csv({{abnormal_flags}}, header => true, all_varchar => true);

create or replace temp table flag_of_row as
with interpreted as (
    select landing_source as source, id, 0 as part, interpretation
    from landing.observation
    where interpretation is not null
    union all
    select source, id, part, component.interpretation
    from (
        select
            landing_source as source,
            id,
            unnest(component) as component,
            generate_subscripts(component, 1) as part
        from landing.observation
        where len(component) > 0
    )
    where component.interpretation is not null
),

-- A laboratory's own code may stand before that of HL7.
known as (
    select list(interpretation) as codes
    from abnormal_flag
),

coded as (
    select
        source,
        id,
        part,
        list_filter(
            list_concat(
                json_extract_string(mapping.json_of(interpretation), '$[*].coding[*].code'),
                json_extract_string(mapping.json_of(interpretation), '$.coding[*].code')
            ),
            lambda code: list_contains(known.codes, code)
        )[1] as interpretation
    from interpreted
    cross join known
)

select lineage.cdm_id as measurement_id, any_value(flag) as flag
from coded
join abnormal_flag using (interpretation)
join mapping.lineage on lineage.cdm_table = 'measurement' and lineage.resource_type = 'Observation'
    and lineage.source = coded.source and lineage.resource_id = coded.id and lineage.part = coded.part
group by all;

create or replace temp table flag_of_concept as
select concept_id, any_value(flag) as flag
from mapping.concept_map
join abnormal_flag on key = 'qualifier:' || interpretation
where concept_id <> 0
group by all
having count(distinct flag) = 1;

-- A value against its range. '<5' says no more than that it is less: low where 5 is the least there may be, nothing where only
-- some of what it may be is. Nothing is less than 0.
create or replace temp macro flag_of_value(value, operator, low, high) as
    case
        when isnan(value) or isnan(low) or isnan(high) or low > high then null
        when operator in (4171756, 4171754) -- <, <=
        then case
            when value < low or (value = low and operator = 4171756) then 'L'
            when coalesce(low, 0) <= 0 and value <= high then 'N'
        end
        when operator in (4172704, 4171755) -- >, >=
        then case
            when value > high or (value = high and operator = 4172704) then 'H'
            when high is null and value >= low then 'N'
        end
        when value < low then 'L'
        when value > high then 'H'
        when value is not null and coalesce(low, high) is not null then 'N'
    end;

-- Which list a record belongs in that was mapped as this.
create or replace temp table kind_of_role as
from (
    values
        ('condition', 'diagnoses'),
        ('procedure', 'procedures'),
        ('drug', 'medications'),
        ('vaccine', 'medications'),
        ('observation', 'lab_results')
) as kinds(role, kind);

-- By the domain of its concept a diagnosis, a procedure or a medication may have become a measurement or an observation. What it is
-- is known where all records with its code are of one kind (else NULL). A code of several concepts counts once: by a row
-- in a table of its own, else by its first concept. LOINC is what laboratory results are told by.
create or replace temp table kind_of_code as
select
    cdm_table,
    coalesce(source_value, '') as source_value,
    source_concept_id,
    concept_id,
    case when bool_and(kind is not null) and count(distinct kind) = 1 then any_value(kind) end as kind
from mapping.code_mapping
cross join unnest(tables) as led_to(cdm_table)
left join kind_of_role using (role)
where cdm_table in ('measurement', 'observation') and target = 0 and vocabulary_id is distinct from 'LOINC'
    and (role, code_key) not in (
        select (role, code_key)
        from mapping.code_mapping
        where not list_has_any(tables, ['measurement', 'observation'])
    )
group by all
having bool_or(kind <> 'lab_results');

create or replace temp view raw_event as
with event as (
    select 'diagnoses' as kind, person_id, condition_start_date as day, condition_concept_id as concept_id,
        condition_source_concept_id as source_concept_id, condition_source_value as source_value, null as abnormal
    from cdm.condition_occurrence
    union all
    select 'procedures', person_id, procedure_date, procedure_concept_id, procedure_source_concept_id,
        procedure_source_value, null
    from cdm.procedure_occurrence
    union all
    select 'medications', person_id, drug_exposure_start_date, drug_concept_id, drug_source_concept_id,
        drug_source_value, null
    from cdm.drug_exposure
    union all
    select
        coalesce(kind, 'lab_results'), person_id, measurement_date, measurement_concept_id, measurement_source_concept_id,
        measurement_source_value,
        case
            when kind is null
            then coalesce(
                flag_of_row.flag,
                flag_of_concept.flag,
                flag_of_value(value_as_number, operator_concept_id, range_low, range_high)
            )
        end
    from cdm.measurement
    left join flag_of_row using (measurement_id)
    left join flag_of_concept on flag_of_concept.concept_id = value_as_concept_id
    left join (from kind_of_code where cdm_table = 'measurement') code
        on code.concept_id = measurement_concept_id
        and code.source_concept_id = coalesce(measurement_source_concept_id, 0)
        and code.source_value = coalesce(measurement_source_value, '')
    union all
    select kind, person_id, observation_date, observation_concept_id, observation_source_concept_id, observation_source_value, null
    from cdm.observation
    join (from kind_of_code where cdm_table = 'observation') code
        on code.concept_id = observation_concept_id
        and code.source_concept_id = coalesce(observation_source_concept_id, 0)
        and code.source_value = coalesce(observation_source_value, '')
)

select
    kind,
    person_id,
    day,
    coalesce(concept_id, 0) as concept_id,
    coalesce(source_concept_id, 0) as source_concept_id,
    coalesce(source_value, '') as source_value,
    abnormal
from event
where day <= {{as_of}} and day >= {{since}};
