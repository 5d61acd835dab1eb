create table if not exists landing.device_use_statement (
    landing_source        varchar not null,
    landing_file          integer not null,
    "resourceType"        varchar,
    id                    varchar,
    meta                  landing.meta,
    "modifierExtension"   struct(url varchar)[],
    contained             struct(id varchar, type varchar)[],
    status                varchar,
    subject               landing.reference,
    device                varchar,            -- JSON as text: in R5 it holds a reference or a code
    "timingDateTime"      varchar,
    "timingPeriod"        landing.period,
    "timingTiming"        struct(event varchar[], repeat struct("boundsPeriod" landing.period)),
    "whenUsed"            landing.period,     -- STU3
    "recordedOn"          varchar,
    source                landing.reference
);
