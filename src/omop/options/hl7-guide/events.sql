-- Option ruleset "hl7-guide": a condition that is not certain, or was refuted, is an observation that says so (f2o-060), and of
-- requests for medication only orders that were made for one time are taken.

update event_row
set
    cdm_table = 'observation',
    cdm_id = mapping.row_id('observation', source, resource_type, resource_id, part, target),
    qualifier = doubted.verification
from (
    select landing_source, id, verification
    from (select landing_source, id, unnest(mapping.codes_of("verificationStatus")) as verification from landing.condition)
    where verification in ('provisional', 'differential', 'refuted')
) doubted
where resource_type = 'Condition' and source = landing_source and resource_id = id and reason is null;

create or replace temp table request_of_other_intent as
select landing_source as source, id as resource_id
from landing.medication_request
where intent is distinct from 'instance-order';

delete from event_row
where resource_type = 'MedicationRequest' and target > 0 and (source, resource_id) in (from request_of_other_intent);

update event_row
set reason = 'INTENT', cdm_table = null, cdm_id = null
where resource_type = 'MedicationRequest' and reason is null and (source, resource_id) in (from request_of_other_intent);
