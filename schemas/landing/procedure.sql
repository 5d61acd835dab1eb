create table if not exists landing.procedure (
    landing_source        varchar not null,
    landing_file          integer not null,
    "resourceType"        varchar,
    id                    varchar,
    meta                  landing.meta,
    "modifierExtension"   struct(url varchar)[],
    "partOf"              landing.reference[],
    status                varchar,
    code                  landing.codeable_concept,
    subject               landing.reference,
    encounter             landing.reference,
    "performedDateTime"   varchar,
    "performedPeriod"     landing.period,
    performer             struct(actor landing.reference)[]
);
