create table if not exists landing.medication_dispense (
    landing_source                 varchar not null,
    landing_file                   integer not null,
    "resourceType"                 varchar,
    id                             varchar,
    meta                           landing.meta,
    "modifierExtension"            struct(url varchar)[],
    "partOf"                       landing.reference[],
    contained                      landing.contained_medication[],
    status                         varchar,
    "statusReasonCodeableConcept"  landing.codeable_concept,
    "notDone"                      boolean,                     -- STU3
    "medicationCodeableConcept"    landing.codeable_concept,
    "medicationReference"          landing.named_reference,
    medication                     landing.codeable_reference,  -- R5
    subject                        landing.reference,
    context                        landing.reference,
    encounter                      landing.reference,           -- R5
    performer                      struct(actor landing.reference)[],
    quantity                       landing.quantity,
    "daysSupply"                   landing.quantity,
    "whenPrepared"                 varchar,
    "whenHandedOver"               varchar,
    "dosageInstruction"            landing.dosage[]
);
