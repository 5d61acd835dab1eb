-- death, from a date of death only. A month becomes its last day, a year 31 December. The cause is what an Observation of the
-- cause of death says; of several the latest. Rules: docs/mapping.md#patient.

insert into cdm.death by name
with cause as (
    select event.person_id, event.value_key, event.value_text
    from event_row event
    where event.reason is null and event.code_key in (
        select code_key
        from mapping.code_mapping
        where role = 'observation' and vocabulary_id = 'LOINC' and code = '69453-9'
    )
    qualify row_number() over (
        partition by event.person_id
        order by event.value_key is null, event.start_date desc, event.start_datetime desc, event.resource_id, event.part
    ) = 1
)

select
    person.person_id,
    case length(person.death_date)
        when 4 then mapping.first_day(person.death_date) + interval 1 year - interval 1 day
        when 7 then last_day(mapping.first_day(person.death_date))
        else mapping.first_day(person.death_date)
    end::date as death_date,
    mapping.wall_clock(person.death_date) as death_datetime,
    type.concept_id as death_type_concept_id,
    coalesce(coded.concept_id, case when cause.person_id is not null then 0 end) as cause_concept_id,
    coalesce(coded.source_value, cause.value_text) as cause_source_value,
    coalesce(coded.source_concept_id, case when cause.person_id is not null then 0 end) as cause_source_concept_id
from person_row person
join mapping.concept_map type on type.key = 'type:EHR'
left join cause using (person_id)
left join mapping.code_mapping coded on coded.role = 'value' and coded.code_key = cause.value_key
where person.reason is null and mapping.first_day(person.death_date) is not null;
