-- The three shapes in which every source meets: persons, visits and events. An extract (fhir/*.sql, or a CSV mapping) is
-- one select that gives columns of these names; what it leaves out is NULL.

create or replace temp table person_shape (
    source                  varchar,
    file_id                 integer,
    resource_type           varchar,
    resource_id             varchar,
    refused                 varchar,        -- the rule that refuses the record; NULL: none
    gender                  varchar,        -- key of concept_map without its kind: 'male', 'F'
    birth_date              varchar,        -- as far as known: '1950', '1950-06', '1950-06-01'
    birth_datetime          timestamp,
    races                   varchar[],      -- CDC codes or names
    ethnicity               varchar,
    address_line_1          varchar,
    address_line_2          varchar,
    city                    varchar,
    county                  varchar,
    state                   varchar,
    zip                     varchar,
    country                 varchar,
    death_date              varchar
);

create or replace temp table visit_shape (
    source                  varchar,
    file_id                 integer,
    resource_type           varchar,
    resource_id             varchar,
    patient_id              varchar,
    refused                 varchar,
    class                   varchar,
    start_text              varchar,
    end_text                varchar
);

create or replace temp table event_shape (
    source                  varchar,
    file_id                 integer,
    resource_type           varchar,
    resource_id             varchar,
    part                    integer,        -- 0: the record itself; 1, 2, …: its components
    patient_id              varchar,
    encounter_id            varchar,
    refused                 varchar,        -- the rule that refuses it: STATUS, MODIFIER_EXTENSION, …
    natural_table           varchar,        -- where it goes when no concept says otherwise
    role                    varchar,        -- which vocabularies its code is looked up in first
    code                    landing.codeable_concept,
    start_text              varchar,        -- a FHIR date, dateTime or instant
    start_after_birth       interval,       -- instead of start_text: an age
    start_from_visit        boolean,        -- take the start of the visit when there is no date
    end_text                varchar,
    type                    varchar,        -- key of concept_map without its kind
    condition_status        varchar,
    stop_reason             varchar,
    value_number            double,
    comparator              varchar,
    value_text              varchar,        -- the value as sent
    value_code              landing.codeable_concept,
    value_constant          varchar,        -- key of concept_map for a boolean or an interpretation
    unit                    landing.coding, -- display: the unit as written
    range_low               double,
    range_high              double,
    quantity                double,
    days_supply             integer,
    refills                 integer,
    sig                     varchar,
    route                   landing.codeable_concept,
    lot_number              varchar,
    dose_unit               varchar
);
