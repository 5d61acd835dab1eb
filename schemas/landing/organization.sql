create table if not exists landing.organization (
    landing_source        varchar not null,
    landing_file          integer not null,
    "resourceType"        varchar,
    id                    varchar,
    meta                  landing.meta,
    "modifierExtension"   struct(url varchar)[],
    identifier            struct(system varchar, value varchar)[],
    type                  landing.codeable_concept[],
    name                  varchar,
    address               struct(
                              line varchar[],
                              city varchar,
                              district varchar,
                              state varchar,
                              "postalCode" varchar,
                              country varchar
                          )[]
);
