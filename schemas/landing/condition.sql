create table if not exists landing.condition (
    landing_source        varchar not null,
    landing_file          integer not null,
    "resourceType"        varchar,
    id                    varchar,
    meta                  landing.meta,
    "modifierExtension"   struct(url varchar)[],
    "clinicalStatus"      varchar,                    -- JSON: a CodeableConcept; in STU3 a code
    "verificationStatus"  varchar,                    -- likewise
    category              landing.codeable_concept[],
    code                  landing.codeable_concept,
    subject               landing.reference,
    encounter             landing.reference,
    context               landing.reference,          -- STU3
    "onsetDateTime"       varchar,
    "onsetPeriod"         landing.period,
    "onsetAge"            landing.quantity,
    "onsetRange"          landing.quantity_range,
    "abatementDateTime"   varchar,
    "abatementPeriod"     landing.period,
    "abatementAge"        landing.quantity,
    "abatementRange"      landing.quantity_range,
    "abatementString"     varchar,
    "recordedDate"        varchar,
    "assertedDate"        varchar,                    -- STU3
    recorder              landing.reference,
    asserter              landing.reference,
    participant           struct(actor landing.reference)[] -- R5
);
