create table if not exists landing.coverage (
    landing_source        varchar not null,
    landing_file          integer not null,
    "resourceType"        varchar,
    id                    varchar,
    meta                  landing.meta,
    "modifierExtension"   struct(url varchar)[],
    status                varchar,
    type                  landing.codeable_concept,
    beneficiary           landing.reference,
    period                landing.period,
    payor                 struct(reference varchar, display varchar)[],
    insurer               struct(reference varchar, display varchar),               -- R5: payor
    class                 struct(type landing.codeable_concept, value varchar)[],   -- R5: an identifier as value, here JSON
    "grouping"            struct("group" varchar, plan varchar)                     -- STU3: class
);
