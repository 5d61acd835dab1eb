-- What every warehouse has, beside the tables of the CDM itself (made from schemas/cdm-5.4.json).

create schema if not exists landing;
create schema if not exists vocab;
create schema if not exists cdm;
create schema if not exists mapping;
create schema if not exists features;
create schema if not exists results;
create schema if not exists meta;

-- The run ledger: one row a run of a pipeline.
create table if not exists meta.run (
    run_id      varchar not null,
    stages      varchar[] not null,
    started_at  timestamp not null,
    ended_at    timestamp,
    status      varchar not null,     -- running, done, failed, aborted
    message     varchar
);

-- Facts about the warehouse itself: its layout version, the vocabulary it was loaded with.
create table if not exists meta.setting (
    name        varchar not null,
    value       varchar
);
