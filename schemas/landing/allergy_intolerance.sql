create table if not exists landing.allergy_intolerance (
    landing_source        varchar not null,
    landing_file          integer not null,
    "resourceType"        varchar,
    id                    varchar,
    meta                  landing.meta,
    "modifierExtension"   struct(url varchar)[],
    "clinicalStatus"      varchar,            -- a CodeableConcept as text; in STU3 a code
    "verificationStatus"  varchar,            -- the same
    type                  varchar,            -- a code; in R5 a CodeableConcept as text
    category              varchar[],
    criticality           varchar,
    code                  landing.codeable_concept,
    patient               landing.reference,
    encounter             landing.reference,
    "onsetDateTime"       varchar,
    "onsetPeriod"         landing.period,
    "onsetAge"            landing.quantity,
    "recordedDate"        varchar,
    "assertedDate"        varchar,            -- STU3
    recorder              landing.reference,
    asserter              landing.reference,
    participant           struct(actor landing.reference)[], -- R5
    "lastOccurrence"      varchar,
    reaction              struct(substance landing.codeable_concept, onset varchar)[]
);
