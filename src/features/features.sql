-- What scoring services are sent: one row a person.
create table if not exists features.patient_history (
    person_id       bigint not null,
    patient_id      varchar not null,   -- what the service knows the person by
    birth_date      date not null,
    sex             varchar not null,   -- M, F, U
    zip3            varchar not null,
    as_of           date not null,      -- nothing later than this day is in the history
    -- patient_history of the PhenOM contract. DuckDB, left to choose, tries for minutes what is made for short texts.
    history         json not null using compression zstd,
    history_hash    varchar not null,   -- MD5 of the history
    history_check   ubigint not null,   -- DuckDB's own hash of it, which is quickly taken again: whether it is as it was built
    events          bigint not null,    -- entries of the four lists
    not_expressed   bigint not null,    -- events whose code no code system of the contract can express
    fingerprint     ubigint not null,   -- of what it is built from; any order
    run_id          varchar not null    -- the run that built it; while nothing changes it stays as it is
);

-- The entries of the histories, in the order of the persons: what histories and the files of a batch are written from.
create table if not exists features.history_event (
    person_id       bigint not null,
    code_id         integer not null,   -- of features.history_code
    day             date not null,
    abnormal        varchar             -- of lab_results: N, H, L or Y
);

-- The codes of the entries, each once: events are many, codes are few.
create table if not exists features.history_code (
    code_id         integer not null,
    kind            varchar not null,   -- lab_results, diagnoses, procedures, medications
    code            varchar not null,
    code_type       varchar not null
);

-- Persons without a history that can be sent, and why.
create table if not exists features.history_exclusion (
    person_id       bigint not null,
    patient_id      varchar not null,
    as_of           date not null,
    reason          varchar not null,   -- DEAD, NOT_BORN, NO_BIRTH_DATE, NO_CODES
    detail          varchar not null
);
