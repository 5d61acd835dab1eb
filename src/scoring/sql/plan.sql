-- Who is to be scored now: whose history has changed since the last score, and who was left without one.

delete from results.scoring_exclusion
where model_source = {{service}} and request = {{request}}
    and (reason = upper(reason) or person_id in (select person_id from features.history_exclusion));

delete from results.scoring_error
where model_source = {{service}} and coalesce(request, {{request}}) = {{request}}
    and person_id in (select person_id from features.history_exclusion);

insert into results.scoring_exclusion by name
select
    person_id, patient_id, as_of, reason, detail,
    {{run_id}} as run_id, {{service}} as model_source, {{request}} as request
from features.history_exclusion;

create or replace temp table due_person as
select
    history.person_id,
    case
        when known.history_hash = history.history_hash and known.status in ('due', 'failed')
        then known.idempotency_key
    end as known_key
from features.patient_history history
left join (from meta.scoring where service = {{service}} and request = {{request}}) known using (person_id)
where {{all}}
    or known.history_hash is distinct from history.history_hash
    or known.status in ('due', 'failed');

delete from meta.scoring
where service = {{service}} and request = {{request}} and person_id in (select person_id from due_person);

insert into meta.scoring by name
select
    person_id, patient_id,
    {{service}} as service, {{request}} as request,
    as_of, history_hash,
    coalesce(known_key, uuid()::varchar) as idempotency_key,
    'due' as status
from features.patient_history
join due_person using (person_id);
