-- death, from a date of death only. A month becomes its last day, a year 31 December.

insert into cdm.death by name
select
    person_id,
    case length(death_date)
        when 4 then mapping.first_day(death_date) + interval 1 year - interval 1 day
        when 7 then last_day(mapping.first_day(death_date))
        else mapping.first_day(death_date)
    end::date as death_date,
    mapping.wall_clock(death_date) as death_datetime,
    type.concept_id as death_type_concept_id
from person_row
join mapping.concept_map type on type.key = 'type:EHR'
where reason is null and mapping.first_day(death_date) is not null;
