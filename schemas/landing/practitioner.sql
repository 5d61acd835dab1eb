create table if not exists landing.practitioner (
    landing_source        varchar not null,
    landing_file          integer not null,
    "resourceType"        varchar,
    id                    varchar,
    meta                  landing.meta,
    "modifierExtension"   struct(url varchar)[],
    identifier            struct(system varchar, value varchar)[],
    gender                varchar,
    "birthDate"           varchar
);
