-- How records name their visit.
create or replace temp table visit_key as
select source, resource_id as encounter_id, visit_occurrence_id, visit_start_date
from visit_row
where reason is null;
