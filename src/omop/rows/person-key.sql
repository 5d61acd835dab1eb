-- How records name their person.
create or replace temp table person_key as
select
    source,
    resource_id as patient_id,
    person_id,
    coalesce(
        mapping.calendar_day(birth_date), mapping.calendar_day(birth_date[1:7]), mapping.calendar_day(birth_date[1:4])
    ) as first_possible_birth
from person_row
where reason is null;
