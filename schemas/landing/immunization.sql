create table if not exists landing.immunization (
    landing_source         varchar not null,
    landing_file           integer not null,
    "resourceType"         varchar,
    id                     varchar,
    meta                   landing.meta,
    "modifierExtension"    struct(url varchar)[],
    status                 varchar,
    "notGiven"             boolean,                    -- STU3
    "wasNotGiven"          boolean,                    -- DSTU2
    "vaccineCode"          landing.codeable_concept,
    patient                landing.reference,
    encounter              landing.reference,
    "occurrenceDateTime"   varchar,
    date                   varchar,                    -- STU3
    "primarySource"        boolean,
    "reportOrigin"         landing.codeable_concept,
    "informationSource"    landing.codeable_reference, -- R5: reportOrigin
    "lotNumber"            varchar,
    route                  landing.codeable_concept,
    "doseQuantity"         landing.quantity,
    performer              struct(function landing.codeable_concept, actor landing.reference)[],
    practitioner           struct(role landing.codeable_concept, actor landing.reference)[] -- STU3
);
