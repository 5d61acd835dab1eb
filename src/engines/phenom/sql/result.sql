-- The results as the contract has them, in order of patient and outcome.
create view {{job}}.result as
select
    (scored.position - 1) * outcomes + outcome.position as position,
    scored.patient_id,
    outcome.outcome_id,
    standing.* exclude (index)
from {{job}}.scored
join {{job}}.standing using (index)
cross join {{job}}.outcome
cross join (select count(*) as outcomes from {{job}}.outcome);
