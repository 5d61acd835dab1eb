-- The shapes in which every source meets. An extract (fhir/*.sql, or a CSV mapping) is
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
    deceased                boolean,        -- dead, if nobody knows since when
    death_date              varchar,
    provider                varchar,        -- a reference: 'Practitioner/1'
    care_site               varchar         -- a reference: 'Organization/1'
);

create or replace temp table visit_shape (
    source                  varchar,
    file_id                 integer,
    resource_type           varchar,
    resource_id             varchar,
    patient_id              varchar,
    refused                 varchar,
    class                   varchar,
    concept_class           varchar,        -- what its concept is that of, where that is not the class
    type                    landing.codeable_concept, -- says more than the class where its concept is a visit
    start_text              varchar,
    end_text                varchar,
    parent_id               varchar,        -- the visit of which this is a part
    provider                varchar,
    care_site               varchar,
    place                   varchar,        -- a reference: its care site where the other is not known
    admitted_from           varchar,        -- key of concept_map without its kind
    discharged_to           varchar,
    stays                   struct(         -- what it consisted of: one class after the other, one place after the other
                                start_text varchar,
                                end_text varchar,
                                kind varchar,               -- 'class', 'place'
                                class varchar,
                                care_site varchar
                            )[]
);

create or replace temp table event_shape (
    source                  varchar,
    file_id                 integer,
    resource_type           varchar,
    resource_id             varchar,
    part                    integer,        -- 0: the record itself; 1, 2, …: its components, below 100 where it has notes too
    patient_id              varchar,
    encounter_id            varchar,
    refused                 varchar,        -- the rule that refuses it: STATUS, MODIFIER_EXTENSION, …
    natural_table           varchar,        -- where it goes when no concept says otherwise
    role                    varchar,        -- which vocabularies its code is looked up in first
    report                  varchar,        -- its results are records of their own: why a test or a kind of note is no row here
    code                    landing.codeable_concept,
    panel                   boolean,        -- its components are events of their own
    concept_constant        varchar,        -- key of concept_map for what is said of a code that is no statement; it is the value then
    start_text              varchar,        -- a FHIR date, dateTime or instant
    start_taken_from        varchar,        -- what else the start is the date of, where that of the event is not known
    start_after_birth       interval,       -- instead of start_text: an age
    start_from_visit        boolean,        -- take the start of the visit when there is no date
    end_text                varchar,
    end_after_birth         interval,       -- instead of end_text: an age
    type                    varchar,        -- key of concept_map without its kind
    condition_status        varchar,
    stop_reason             varchar,
    value_number            double,
    comparator              varchar,
    value_text              varchar,        -- the value as sent
    value_code              landing.codeable_concept,
    value_constant          varchar,        -- key of concept_map for a boolean, or an interpretation without value
    unit                    landing.coding, -- display: the unit as written
    range_low               double,
    range_high              double,
    quantity                double,
    days_supply             integer,        -- above 0, or NULL
    default_days            integer,        -- how long a drug was taken where nothing says when it ended; NULL: a day
    refills                 integer,
    sig                     varchar,
    route                   landing.codeable_concept,
    lot_number              varchar,
    dose_unit               varchar,
    verbatim_end_text       varchar,        -- the end as the source says it, where the end is completed
    qualifier               varchar,        -- what narrows an observation down: an interpretation of its value, a criticality
    anatomic_site           landing.codeable_concept,
    unique_device_id        varchar,
    production_id           varchar,
    provider                varchar         -- a reference: 'Practitioner/1', 'PractitionerRole/2', 'urn:uuid:…'
);

create or replace temp table provider_shape (
    source                  varchar,
    file_id                 integer,
    resource_type           varchar,
    resource_id             varchar,
    refused                 varchar,
    gender                  varchar,
    birth_date              varchar,
    specialty               landing.codeable_concept,
    care_site               varchar,
    names                   varchar[]       -- the references that mean this provider
);

create or replace temp table care_site_shape (
    source                  varchar,
    file_id                 integer,
    resource_type           varchar,
    resource_id             varchar,
    refused                 varchar,
    name                    varchar,
    place_of_service        varchar,        -- key of concept_map without its kind
    address_line_1          varchar,
    address_line_2          varchar,
    city                    varchar,
    county                  varchar,
    state                   varchar,
    zip                     varchar,
    country                 varchar,
    latitude                double,
    longitude               double,
    names                   varchar[]       -- the references that mean this care site
);

create or replace temp table note_shape (
    source                  varchar,
    file_id                 integer,
    resource_type           varchar,
    resource_id             varchar,
    part                    integer,        -- 1, 2, …: a record may hold several texts
    patient_id              varchar,
    encounter_id            varchar,
    refused                 varchar,
    start_text              varchar,
    type                    varchar,        -- key of concept_map without its kind
    class                   landing.codeable_concept,
    title                   varchar,
    text                    varchar,
    language                varchar,
    provider                varchar
);

create or replace temp table payer_plan_shape (
    source                  varchar,
    file_id                 integer,
    resource_type           varchar,
    resource_id             varchar,
    patient_id              varchar,
    refused                 varchar,
    start_text              varchar,
    end_text                varchar,
    payer                   landing.codeable_concept,
    payer_source_value      varchar,
    payer_id                varchar,        -- what costs call the payer
    plan_source_value       varchar,
    family_source_value     varchar
);

create or replace temp table cost_shape (
    source                      varchar,
    file_id                     integer,
    resource_type               varchar,
    resource_id                 varchar,
    part                        integer,        -- 0: the record as a whole; 1, 2, …: its lines
    patient_id                  varchar,
    refused                     varchar,
    events                      varchar[],      -- what was charged for: 'Procedure/1'; the first that has a row counts
    coverage_id                 varchar,        -- the insurance period it was paid by
    payer_id                    varchar,        -- where none is named: who paid
    start_text                  varchar,        -- and when it was charged
    currency                    varchar,        -- ISO 4217: 'USD'
    total_charge                double,
    amount_allowed              double,
    paid_by_payer               double,
    paid_by_patient             double,
    paid_patient_copay          double,
    paid_patient_coinsurance    double,
    paid_patient_deductible     double,
    paid_by_primary             double,
    paid_ingredient_cost        double
);

-- Which rows of a file a record was made of, where several may be about one (CSV).
create or replace temp table row_shape (
    source                  varchar,
    file_id                 integer,
    resource_type           varchar,
    resource_id             varchar,
    row_id                  varchar
);
