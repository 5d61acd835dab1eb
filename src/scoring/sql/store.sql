-- Takes over what came back for the persons asked. Nobody is left without an answer: who got none is listed as an error.

create or replace temp table asked as
select
    person_id,
    patient_id,
    as_of,
    history_hash,
    coalesce(outcomes, from_json(nullif(request, ''), '["VARCHAR"]')) as outcomes,
    coalesce(len(outcomes), 1) as wanted
from meta.scoring
semi join asked_person using (person_id)
where service = {{service}} and request = {{request}};

create or replace temp table new_score as
select asked.person_id, asked.as_of, given_score.*
from given_score
join asked using (patient_id)
where asked.outcomes is null or list_contains(asked.outcomes, outcome_id)
qualify row_number() over (partition by asked.person_id, outcome_id) = 1;

create or replace temp table answer as
with scores as (
    select person_id, count(*) as scores
    from new_score
    group by all
),

exclusions as (
    select patient_id, count(distinct outcome_id) as excluded, count(*) > count(outcome_id) as of_all
    from given_exclusion
    group by all
),

errors as (
    select patient_id, any_value(code) as code, any_value(message) as message, any_value(same_key) as same_key
    from given_error
    group by all
)

select
    asked.*,
    case
        when code is not null then code
        when coalesce(scores, 0) + coalesce(excluded, 0) < wanted and not coalesce(of_all, false) then 'SCORING_FAILED'
    end as code,
    coalesce(
        message,
        case
            when coalesce(scores, 0) = 0 then 'The service gave no score for this person.'
            else format('The service gave {:d} of {:d} scores for this person.', scores, wanted)
        end
    ) as message,
    coalesce(same_key, false) as same_key,
    case
        when errors.code is not null or coalesce(scores, 0) + coalesce(excluded, 0) < wanted and not coalesce(of_all, false)
        then 'failed'
        when coalesce(scores, 0) = 0 then 'excluded'
        else 'scored'
    end as status
from asked
left join scores using (person_id)
left join exclusions using (patient_id)
left join errors using (patient_id);

delete from results.risk_score
where (person_id, outcome_id, as_of) in (select (person_id, outcome_id, as_of) from new_score);

insert into results.risk_score by name
select *, {{scored_at}} as scored_at, {{run_id}} as run_id
from new_score;

delete from results.scoring_exclusion
using asked
where scoring_exclusion.person_id = asked.person_id
    and model_source = {{service}}
    and (request = {{request}} or list_contains(asked.outcomes, outcome_id));

insert into results.scoring_exclusion by name
select distinct
    asked.person_id, asked.patient_id, asked.as_of,
    outcome_id, reason, detail,
    {{run_id}} as run_id, {{service}} as model_source, {{request}} as request, false as by_rule
from given_exclusion
join asked using (patient_id);

delete from results.scoring_error
using asked
where scoring_error.person_id = asked.person_id
    and model_source = {{service}}
    and (
        coalesce(request, {{request}}) = {{request}}
        or list_has_all(asked.outcomes, from_json(nullif(request, ''), '["VARCHAR"]'))
    );

insert into results.scoring_error by name
select person_id, patient_id, as_of, code, message, {{run_id}} as run_id, {{service}} as model_source, {{request}} as request
from answer
where status = 'failed';

-- What was given for another history has been replaced, and is no longer known of any other request.
delete from meta.scoring
using answer
where scoring.person_id = answer.person_id
    and service = {{service}}
    and request <> {{request}}
    and scoring.status in ('scored', 'excluded')
    and answer.status <> 'failed'
    and scoring.history_hash <> answer.history_hash
    and list_has_any(answer.outcomes, from_json(nullif(request, ''), '["VARCHAR"]'));

update meta.scoring
set
    status = answer.status,
    idempotency_key = case when answer.status <> 'failed' or answer.same_key then idempotency_key end
from answer
where scoring.person_id = answer.person_id and service = {{service}} and request = {{request}};
