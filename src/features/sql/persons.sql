-- Who has a history, who has none and why, and whose has changed since it was built.

create or replace temp table history_person as
with born as (
    select
        person_id,
        {{patient_id}} as patient_id,
        -- Themis: a year alone becomes 15 June, a year and month the first day.
        try(make_date(
            year_of_birth,
            coalesce(month_of_birth, 6),
            coalesce(day_of_birth, case when month_of_birth is null then 15 else 1 end)
        )) as birth_date,
        try(make_date(year_of_birth, coalesce(month_of_birth, 1), coalesce(day_of_birth, 1))) as first_possible_birth,
        case gender_concept_id when 8507 then 'M' when 8532 then 'F' else 'U' end as sex,
        -- '000' is what the HIPAA Safe Harbor rule puts for an area that must not be named.
        coalesce(nullif(regexp_extract(location.zip, '^\d{3}'), ''), '000') as zip3,
        year_of_birth,
        rows_of_person
    -- The tables of the CDM have no keys: another's SQL may have written a person twice, or a place.
    from (select *, count(*) over (partition by person_id) as rows_of_person from cdm.person)
    left join cdm.location using (location_id)
    qualify row_number() over (partition by person_id order by birth_date, zip3, sex) = 1
),

counted as (
    select
        person_id,
        count(code_id) as events,
        count(*) - count(code_id) as not_expressed,
        sum(hash(sign, day, abnormal)) as fingerprint
    from coded_event
    group by person_id
),

dead as (
    select person_id, min(death_date) as death_date
    from cdm.death
    group by person_id
)

select
    person_id,
    patient_id,
    birth_date,
    sex,
    zip3,
    coalesce(events, 0) as events,
    coalesce(not_expressed, 0) as not_expressed,
    hash(patient_id, birth_date, sex, zip3, fingerprint) as fingerprint,
    case
        when rows_of_person > 1 then 'DUPLICATE'
        when birth_date is null or year_of_birth < 1 then 'NO_BIRTH_DATE'
        when first_possible_birth > {{as_of}} then 'NOT_BORN'
        when death_date < {{as_of}} then 'DEAD'
        when coalesce(events, 0) = 0 then 'NO_CODES'
    end as reason
from born
left join counted using (person_id)
left join dead using (person_id);

create or replace temp table changed_person as
select
    history_person.*,
    row_number() over (order by person_id)::integer as place,
    sum(history_person.events) over (order by person_id rows unbounded preceding)::bigint as events_so_far
from history_person
left join features.patient_history built using (person_id)
where reason is null and built.fingerprint is distinct from history_person.fingerprint;

create or replace temp table gone_person as
select person_id
from features.patient_history
where person_id not in (select person_id from history_person where reason is null)
union
from (select person_id from changed_person);

delete from features.patient_history where person_id in (from gone_person);
delete from features.history_event where person_id in (from gone_person);
delete from features.history_exclusion;

insert into features.history_exclusion by name
select
    person_id,
    patient_id,
    {{as_of}} as as_of,
    reason,
    case reason
        when 'DUPLICATE' then 'There are several rows of this person in cdm.person.'
        when 'NO_BIRTH_DATE' then 'The person has no birth date.'
        when 'NOT_BORN' then 'The person was born after the day that the history goes up to.'
        when 'DEAD' then 'The person died before the day that the history goes up to.'
        when 'NO_CODES'
        then case
            when not_expressed = 0 then 'The person has no event that a history takes up.'
            else format('The history has no code: {:d} events could not be expressed.', not_expressed)
        end
    end as detail
from history_person
where reason is not null;

update features.patient_history set as_of = {{as_of}} where as_of <> {{as_of}};
