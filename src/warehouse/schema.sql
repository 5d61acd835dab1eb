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
    message     varchar,
    stage       varchar               -- the one it is in, or stopped in; NULL: it is done
);

-- What the stages of each run counted: files and records that were read and refused, rows that were written.
create table if not exists meta.run_count (
    run_id      varchar not null,
    stage       varchar not null,
    counted     varchar not null,     -- files, read, quarantined, rows …
    count       bigint not null
);

-- What the stages of each run warned of, in this order.
create table if not exists meta.run_warning (
    run_id      varchar not null,
    message     varchar not null
);

-- By which definitions the tables were made. Where they are others now, the tables are brought up to date.
create table if not exists meta.layout (
    part                varchar not null,     -- warehouse, landing, mapping, features, results
    hash                varchar not null,     -- of the definitions
    software_version    varchar not null
);

-- Facts about the warehouse itself: the vocabulary it was loaded with, the rules it was mapped by.
create table if not exists meta.setting (
    name        varchar not null,
    value       varchar
);
