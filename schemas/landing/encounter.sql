create table if not exists landing.encounter (
    landing_source        varchar not null,
    landing_file          integer not null,
    "resourceType"        varchar,
    id                    varchar,
    meta                  landing.meta,
    "modifierExtension"   struct(url varchar)[],
    status                varchar,
    class                 varchar,                -- JSON: a Coding; in R5 CodeableConcepts, in DSTU2 a code
    "classHistory"        varchar,                -- JSON; until R4
    type                  landing.codeable_concept[],
    subject               landing.reference,
    patient               landing.reference,      -- DSTU2
    period                landing.period,
    "actualPeriod"        landing.period,         -- R5
    participant           struct(
                              type landing.codeable_concept[],
                              individual landing.reference,
                              actor landing.reference           -- R5
                          )[],
    "serviceType"         varchar,                -- JSON: a CodeableConcept; in R5 CodeableReferences
    "serviceProvider"     landing.reference,
    location              struct(
                              location landing.reference,
                              status varchar,
                              period varchar                    -- JSON: a Period
                          )[],
    "partOf"              landing.reference,
    hospitalization       struct("admitSource" landing.codeable_concept, "dischargeDisposition" landing.codeable_concept),
    admission             struct("admitSource" landing.codeable_concept, "dischargeDisposition" landing.codeable_concept), -- R5
    diagnosis             struct(
                              condition varchar,                -- JSON: a Reference; in R5 CodeableReferences
                              "use" varchar,                    -- JSON: a CodeableConcept; in R5 several
                              role landing.codeable_concept,    -- STU3
                              rank integer
                          )[]
);
