-- How records name their person.
create or replace temp table person_key as
select source, resource_id as patient_id, person_id, mapping.first_day(birth_date) as first_possible_birth
from person_row
where reason is null;
