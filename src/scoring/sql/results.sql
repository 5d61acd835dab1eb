-- One score a person, outcome and day; scoring again replaces it.
create table if not exists results.risk_score (
    person_id                       bigint not null,
    patient_id                      varchar not null,
    outcome_id                      varchar not null,
    probability                     double not null,
    prob_lower_95_percent_bound     double not null,
    prob_upper_95_percent_bound     double not null,
    relative_probability            double not null,
    rel_lower_95_percent_bound      double not null,
    rel_upper_95_percent_bound      double not null,
    bin_id                          integer not null,
    num_bins                        integer not null,
    as_of                           date not null,
    scored_at                       timestamp not null,
    run_id                          varchar not null,
    model_source                    varchar not null    -- which service said so
);

-- Persons that could not be scored, and why; gone as soon as they are.
create table if not exists results.scoring_error (
    person_id       bigint not null,
    patient_id      varchar not null,
    as_of           date not null,
    code            varchar not null,
    message         varchar not null,
    run_id          varchar not null,
    model_source    varchar not null
);
alter table results.scoring_error add column if not exists request varchar;     -- what was asked for: the outcomes

-- Persons that are not to be scored: by a rule of the histories (they were not sent), or by the service.
create table if not exists results.scoring_exclusion (
    person_id       bigint not null,
    patient_id      varchar not null,
    as_of           date not null,
    outcome_id      varchar,            -- NULL: all that were asked for
    reason          varchar not null,
    detail          varchar,
    run_id          varchar not null,
    model_source    varchar not null,
    request         varchar not null
);
alter table results.scoring_exclusion add column if not exists by_rule boolean;     -- NULL, of an earlier release: by a rule, if in capitals

-- Each score beside its person. A history that has not changed is not scored again, so the latest may be of an earlier day.
create or replace view results.person_risk_score as
select
    person.*,
    risk_score.* exclude (person_id),
    row_number() over (
        partition by risk_score.person_id, outcome_id order by as_of desc, scored_at desc
    ) = 1 as latest
from results.risk_score
join cdm.person using (person_id);

-- What a service was asked, by person: written before it is asked.
create table if not exists meta.scoring (
    person_id       bigint not null,
    patient_id      varchar not null,
    service         varchar not null,   -- the model_source of the scorer
    request         varchar not null,   -- what it is asked for beside the history: the outcomes
    as_of           date not null,
    history_hash    varchar not null,
    idempotency_key varchar,            -- random; NULL: the next call is another one
    batch_key       varchar,            -- of meta.scoring_batch; NULL: a call of its own
    status          varchar not null    -- due, scored, excluded, failed
);
alter table meta.scoring add column if not exists outcomes varchar[];   -- of those requested the ones asked for; NULL: all

-- Batches that are on their way.
create table if not exists meta.scoring_batch (
    batch_key       varchar not null,
    service         varchar not null,
    request         varchar not null,
    folder          varchar not null,   -- where its files lie
    progress        json not null       -- how far it has come, as the scorer has it
);
alter table meta.scoring_batch add column if not exists outcomes varchar;   -- the outcomes asked for, as JSON; NULL: all

create table if not exists meta.scoring_batch_file (
    batch_key       varchar not null,
    kind            varchar not null,
    path            varchar not null,
    upload          json                -- how far its upload has come
);

-- What came back and is not stored yet.
create temp table if not exists asked_person (person_id bigint);
create temp table if not exists given_score as
select * exclude (person_id, as_of, scored_at, run_id) from results.risk_score limit 0;
create temp table if not exists given_exclusion (patient_id varchar, outcome_id varchar, reason varchar, detail varchar);
create temp table if not exists given_error (patient_id varchar, code varchar, message varchar, same_key boolean);
