-- What scoring services are sent: one row a person.
create table if not exists features.patient_history (
    person_id       bigint not null,
    patient_id      varchar not null,   -- what the service knows the person by
    as_of           date not null,      -- nothing later than this day is in the history
    history         json not null,      -- patient_history of the PhenOM contract
    events          bigint not null,    -- entries of the four lists
    not_expressed   bigint not null,    -- events whose code no code system of the contract can express
    run_id          varchar not null    -- the run that built it; while nothing changes it stays as it is
);
alter table features.patient_history add column if not exists birth_date date;
alter table features.patient_history add column if not exists sex varchar;
alter table features.patient_history add column if not exists zip3 varchar;
alter table features.patient_history add column if not exists history_hash varchar;  -- MD5 of the history
alter table features.patient_history add column if not exists fingerprint ubigint;   -- of what it is built from; any order

-- The entries of the histories as rows: what the files of a batch are written from.
create table if not exists features.history_event (
    person_id       bigint not null,
    kind            varchar not null,   -- lab_results, diagnoses, procedures, medications
    day             date not null,
    code            varchar not null,
    code_type       varchar not null,
    abnormal        varchar             -- of lab_results: N, H, L or Y
);

-- Persons without a history that can be sent, and why.
create table if not exists features.history_exclusion (
    person_id       bigint not null,
    patient_id      varchar not null,
    as_of           date not null,
    reason          varchar not null,   -- DEAD, NOT_BORN, NO_BIRTH_DATE, NO_CODES
    detail          varchar not null
);

-- The secret that pseudonyms are made with. It never leaves the warehouse.
create table if not exists features.pseudonym_key (
    key             varchar not null
);
