-- Read only through the Practitioner it belongs to.
create table if not exists landing.practitioner_role (
    landing_source        varchar not null,
    landing_file          integer not null,
    "resourceType"        varchar,
    id                    varchar,
    meta                  landing.meta,
    active                boolean,
    period                landing.period,
    practitioner          struct(reference varchar, identifier struct(system varchar, value varchar)),
    organization          struct(reference varchar, identifier struct(system varchar, value varchar)),
    location              struct(reference varchar, identifier struct(system varchar, value varchar))[],
    specialty             landing.codeable_concept[],
    code                  landing.codeable_concept[]
);
