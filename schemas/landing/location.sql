create table if not exists landing.location (
    landing_source        varchar not null,
    landing_file          integer not null,
    "resourceType"        varchar,
    id                    varchar,
    meta                  landing.meta,
    "modifierExtension"   struct(url varchar)[],
    identifier            struct(system varchar, value varchar)[],
    status                varchar,
    name                  varchar,
    type                  landing.codeable_concept[],
    address               struct(
                              line varchar[],
                              city varchar,
                              district varchar,
                              state varchar,
                              "postalCode" varchar,
                              country varchar
                          ),
    position              struct(longitude double, latitude double)
);
