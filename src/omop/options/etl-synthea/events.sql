-- Option ruleset "etl-synthea": what has no standard concept leaves no row.

update event_row
set reason = 'NO_CONCEPT', cdm_table = null, cdm_id = null
where reason is null and concept_id = 0;
