create table if not exists landing.encounter (
    landing_source        varchar not null,
    landing_file          integer not null,
    "resourceType"        varchar,
    id                    varchar,
    meta                  landing.meta,
    "modifierExtension"   struct(url varchar)[],
    status                varchar,
    class                 landing.coding,
    type                  landing.codeable_concept[],
    subject               landing.reference,
    period                landing.period
);
