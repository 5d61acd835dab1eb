-- What scoring services are sent: one row a person.
create table if not exists features.patient_history (
    person_id       bigint not null,
    patient_id      varchar not null,   -- what the service knows the person by
    as_of           date not null,      -- nothing later than this day is in the history
    history         json not null,      -- patient_history of the PhenOM contract
    events          bigint not null,    -- entries of the four lists
    not_expressed   bigint not null,    -- events whose code no code system of the contract can express
    run_id          varchar not null
);
