create table if not exists landing.medication_request (
    landing_source               varchar not null,
    landing_file                 integer not null,
    "resourceType"               varchar,
    id                           varchar,
    meta                         landing.meta,
    "modifierExtension"          struct(url varchar)[],
    contained                    landing.contained_medication[],
    status                       varchar,
    "statusReason"               landing.codeable_concept,
    intent                       varchar,
    "doNotPerform"               boolean,
    "medicationCodeableConcept"  landing.codeable_concept,
    "medicationReference"        landing.named_reference,
    medication                   landing.codeable_reference,             -- R5
    subject                      landing.reference,
    encounter                    landing.reference,
    context                      landing.reference,                      -- STU3
    "authoredOn"                 varchar,
    requester                    struct(reference varchar, agent landing.reference), -- agent: STU3
    "effectiveDosePeriod"        landing.period,                         -- R5
    "dosageInstruction"          landing.dosage[],
    "dispenseRequest"            struct(
                                     "validityPeriod" landing.period,
                                     "numberOfRepeatsAllowed" integer,
                                     quantity landing.quantity,
                                     "expectedSupplyDuration" landing.quantity
                                 )
);
