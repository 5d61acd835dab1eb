-- Option ruleset "etl-synthea": from the first encounter to the end of the last, those that are no visits among them.

update cdm.observation_period
set observation_period_start_date = known.first_day, observation_period_end_date = known.last_day
from (
    select person_id, min(start_date) as first_day, max(end_date) as last_day
    from encounter_kind
    group by person_id
) known
where known.person_id = observation_period.person_id;
