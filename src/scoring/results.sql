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

-- Persons that could not be scored on that day, and why.
create table if not exists results.scoring_error (
    person_id       bigint not null,
    patient_id      varchar not null,
    as_of           date not null,
    code            varchar not null,
    message         varchar not null,
    run_id          varchar not null,
    model_source    varchar not null
);
