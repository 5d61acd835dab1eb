create table if not exists landing.medication_statement (
    landing_source               varchar not null,
    landing_file                 integer not null,
    "resourceType"               varchar,
    id                           varchar,
    meta                         landing.meta,
    "modifierExtension"          struct(url varchar)[],
    "partOf"                     landing.reference[],
    contained                    landing.contained_medication[],
    status                       varchar,
    "statusReason"               landing.codeable_concept[],
    taken                        varchar,                                -- STU3
    adherence                    struct(code landing.codeable_concept),  -- R5
    "medicationCodeableConcept"  landing.codeable_concept,
    "medicationReference"        landing.named_reference,
    medication                   landing.codeable_reference,             -- R5
    subject                      landing.reference,
    context                      landing.reference,
    encounter                    landing.reference,                      -- R5
    "effectiveDateTime"          varchar,
    "effectivePeriod"            landing.period,
    "dateAsserted"               varchar,
    "informationSource"          varchar,                                -- a reference, in R5 a list of them, as JSON
    dosage                       landing.dosage[]
);
