create table if not exists landing.immunization (
    landing_source         varchar not null,
    landing_file           integer not null,
    "resourceType"         varchar,
    id                     varchar,
    meta                   landing.meta,
    "modifierExtension"    struct(url varchar)[],
    status                 varchar,
    "vaccineCode"          landing.codeable_concept,
    patient                landing.reference,
    encounter              landing.reference,
    "occurrenceDateTime"   varchar,
    "primarySource"        boolean,
    "lotNumber"            varchar,
    route                  landing.codeable_concept,
    "doseQuantity"         landing.quantity,
    performer              struct(function landing.codeable_concept, actor landing.reference)[]
);
