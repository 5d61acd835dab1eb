-- patient_history of the PhenOM contract, from the CDM. A code is the source's own where its code system is known, else
-- that of the standard concept; an event with neither is counted, not guessed.

-- Code systems by kind of event; a laboratory result is told by LOINC alone.
create or replace temp table code_type as
select kind, vocabulary_id, code_type
from read_csv({{code_types}}, header => true, all_varchar => true)
cross join unnest(['diagnosis', 'procedure', 'medication', 'lab']) as kinds(kind)
where kind <> 'lab' or code_type = 'LOINC';

-- Source codes that the vocabulary does not have, but whose code system was named.
create or replace temp table unlisted_code as
select
    case role
        when 'condition' then 'diagnosis'
        when 'procedure' then 'procedure'
        when 'drug' then 'medication'
        when 'vaccine' then 'medication'
        when 'observation' then 'lab'
    end as kind,
    source_value,
    any_value(vocabulary_id) as vocabulary_id
from mapping.code_mapping
where source_concept_id = 0 and vocabulary_id is not null and source_value is not null
group by all
having count(distinct vocabulary_id) = 1;

create or replace temp table history_event as
with event as (
    select 'diagnosis' as kind, person_id, condition_start_date as day, condition_concept_id as concept_id,
        condition_source_concept_id as source_concept_id, condition_source_value as source_value,
        null as abnormal
    from cdm.condition_occurrence
    union all
    select 'procedure', person_id, procedure_date, procedure_concept_id, procedure_source_concept_id,
        procedure_source_value, null
    from cdm.procedure_occurrence
    union all
    select 'medication', person_id, drug_exposure_start_date, drug_concept_id, drug_source_concept_id,
        drug_source_value, null
    from cdm.drug_exposure
    union all
    select 'lab', person_id, measurement_date, measurement_concept_id, measurement_source_concept_id,
        measurement_source_value,
        case
            when value_as_number < range_low then 'L'
            when value_as_number > range_high then 'H'
            when value_as_number is not null and coalesce(range_low, range_high) is not null then 'N'
        end
    from cdm.measurement
)

select
    event.kind,
    event.person_id,
    event.day,
    event.abnormal,
    case
        when source_type.code_type is not null then source.concept_code
        when unlisted_type.code_type is not null then event.source_value
        else standard.concept_code
    end as code,
    coalesce(source_type.code_type, unlisted_type.code_type, standard_type.code_type) as code_type
from event
left join vocab.concept source on source.concept_id = event.source_concept_id and source.concept_id <> 0
left join code_type source_type on source_type.kind = event.kind and source_type.vocabulary_id = source.vocabulary_id
left join unlisted_code unlisted on event.source_concept_id = 0
    and unlisted.kind = event.kind and unlisted.source_value = event.source_value
left join code_type unlisted_type on unlisted_type.kind = event.kind and unlisted_type.vocabulary_id = unlisted.vocabulary_id
left join vocab.concept standard on standard.concept_id = event.concept_id and standard.concept_id <> 0
left join code_type standard_type on standard_type.kind = event.kind and standard_type.vocabulary_id = standard.vocabulary_id
where event.day <= {{as_of}};

delete from features.patient_history;

insert into features.patient_history by name
with list_of_person as (
    select
        person_id,
        list({'lab_date': day, 'loinc': code, 'value_abnormal': abnormal} order by day, code, abnormal)
            filter (kind = 'lab' and code_type is not null) as lab_results,
        list({'diagnosis_date': day, 'code': code, 'code_type_name': code_type} order by day, code)
            filter (kind = 'diagnosis' and code_type is not null) as diagnoses,
        list({'procedure_date': day, 'code': code, 'code_type_name': code_type} order by day, code)
            filter (kind = 'procedure' and code_type is not null) as procedures,
        list({'medication_start': day, 'code': code, 'code_type': code_type} order by day, code)
            filter (kind = 'medication' and code_type is not null) as medications,
        count(*) as events,
        count(*) filter (code_type is null) as not_expressed
    from history_event
    group by person_id
)

select
    person.person_id,
    person.person_id::varchar as patient_id,
    {{as_of}} as as_of,
    to_json({
        'patient': {
            'patient_id': person.person_id::varchar,
            -- Themis: a year alone becomes 15 June, a year and month the first day.
            'birth_date': make_date(
                person.year_of_birth,
                coalesce(person.month_of_birth, 6),
                coalesce(person.day_of_birth, case when person.month_of_birth is null then 15 else 1 end)
            ),
            'sex': case person.gender_concept_id when 8507 then 'M' when 8532 then 'F' else 'U' end,
            -- '000' is what the HIPAA Safe Harbor rule puts for an area that must not be named.
            'zip3': coalesce(nullif(regexp_extract(location.zip, '^\d{3}'), ''), '000')
        },
        'lab_results': coalesce(list.lab_results, []),
        'diagnoses': coalesce(list.diagnoses, []),
        'procedures': coalesce(list.procedures, []),
        'medications': coalesce(list.medications, [])
    }) as history,
    coalesce(list.events - list.not_expressed, 0) as events,
    coalesce(list.not_expressed, 0) as not_expressed,
    {{run_id}} as run_id
from cdm.person
left join cdm.location location using (location_id)
left join list_of_person list using (person_id)
-- Nobody has a history before birth.
where make_date(person.year_of_birth, coalesce(person.month_of_birth, 1), coalesce(person.day_of_birth, 1)) <= {{as_of}};

drop table history_event;
