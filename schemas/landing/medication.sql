-- Read only through the resources that refer to it.
create table if not exists landing.medication (
    landing_source        varchar not null,
    landing_file          integer not null,
    "resourceType"        varchar,
    id                    varchar,
    meta                  landing.meta,
    contained             landing.contained_medication[],
    code                  landing.codeable_concept,
    ingredient            landing.ingredient[],
    batch                 struct("lotNumber" varchar)
);
