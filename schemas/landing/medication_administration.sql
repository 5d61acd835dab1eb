create table if not exists landing.medication_administration (
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
    "notGiven"                   boolean,                     -- STU3
    "wasNotGiven"                boolean,                     -- DSTU2
    "medicationCodeableConcept"  landing.codeable_concept,
    "medicationReference"        landing.named_reference,
    medication                   landing.codeable_reference,  -- R5
    subject                      landing.reference,
    context                      landing.reference,
    encounter                    landing.reference,           -- R5
    "effectiveDateTime"          varchar,
    "effectivePeriod"            landing.period,
    "occurenceDateTime"          varchar,                     -- R5, which spells it so
    "occurencePeriod"            landing.period,              -- R5
    performer                    struct(actor struct(reference varchar))[], -- in R5 an object that holds one, as JSON
    dosage                       struct(text varchar, route landing.codeable_concept, dose landing.quantity)
);
