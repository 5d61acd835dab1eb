-- What R5 calls a DeviceUseStatement.
create table if not exists landing.device_usage (
    landing_source        varchar not null,
    landing_file          integer not null,
    "resourceType"        varchar,
    id                    varchar,
    meta                  landing.meta,
    "modifierExtension"   struct(url varchar)[],
    contained             struct(id varchar, type varchar)[],
    status                varchar,
    patient               landing.reference,
    context               landing.reference,
    device                varchar,            -- JSON as text: it holds a reference or a code
    "timingDateTime"      varchar,
    "timingPeriod"        landing.period,
    "timingTiming"        struct(event varchar[], repeat struct("boundsPeriod" landing.period)),
    "dateAsserted"        varchar,
    "informationSource"   landing.reference
);
