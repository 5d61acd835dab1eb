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
    context               landing.reference,          -- STU3
    "notDone"             boolean,                    -- STU3
    "notPerformed"        boolean,                    -- DSTU2
    "performedDateTime"   varchar,
    "performedPeriod"     landing.period,
    "performedString"     varchar,
    "performedAge"        landing.quantity,
    "performedRange"      landing.quantity_range,
    "occurrenceDateTime"  varchar,                    -- R5, as all that begins so
    "occurrencePeriod"    landing.period,
    "occurrenceString"    varchar,
    "occurrenceAge"       landing.quantity,
    "occurrenceRange"     landing.quantity_range,
    "occurrenceTiming"    landing.timing,
    performer             struct(actor landing.reference)[]
);
