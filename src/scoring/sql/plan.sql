-- Who is to be scored now, and for what: the outcomes that the service has not yet given, or refused, for the history as it is.

delete from results.scoring_exclusion
where model_source = {{service}}
    and (coalesce(by_rule, reason = upper(reason)) or person_id in (select person_id from features.history_exclusion));

delete from results.scoring_error
where model_source = {{service}} and person_id in (select person_id from features.history_exclusion);

insert into results.scoring_exclusion by name
select
    person_id, patient_id, as_of, reason, detail,
    {{run_id}} as run_id, {{service}} as model_source, {{request}} as request, true as by_rule
from features.history_exclusion;

create or replace temp table due_person as
with answered as (
    select person_id, flatten(list(from_json(known.request, '["VARCHAR"]'))) as outcomes
    from meta.scoring known
    join features.patient_history using (person_id, history_hash)
    where service = {{service}} and request <> '' and status in ('scored', 'excluded')
    group by person_id
),

asked as (
    select
        person_id,
        history_hash,
        list_filter(
            from_json(nullif({{request}}, ''), '["VARCHAR"]'),
            lambda outcome: {{all}} or not coalesce(list_contains(answered.outcomes, outcome), false)
        ) as outcomes
    from features.patient_history
    left join answered using (person_id)
)

select
    asked.person_id,
    asked.outcomes,
    -- The key of a call is that of the same call only.
    case
        when known.history_hash = asked.history_hash and known.status in ('due', 'failed')
            and coalesce(known.outcomes, from_json(nullif(known.request, ''), '["VARCHAR"]')) is not distinct from asked.outcomes
        then known.idempotency_key
    end as known_key
from asked
left join (from meta.scoring where service = {{service}} and request = {{request}}) known using (person_id)
where asked.outcomes is null or len(asked.outcomes) > 0;

delete from meta.scoring
where service = {{service}} and request = {{request}} and person_id in (select person_id from due_person);

insert into meta.scoring by name
select
    person_id, patient_id,
    {{service}} as service, {{request}} as request,
    as_of, history_hash,
    coalesce(known_key, uuid()::varchar) as idempotency_key,
    'due' as status,
    outcomes
from features.patient_history
join due_person using (person_id);
