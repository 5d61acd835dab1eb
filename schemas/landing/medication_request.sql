create table if not exists landing.medication_request (
    landing_source               varchar not null,
    landing_file                 integer not null,
    "resourceType"               varchar,
    id                           varchar,
    meta                         landing.meta,
    "modifierExtension"          struct(url varchar)[],
    contained                    struct("resourceType" varchar, id varchar, code landing.codeable_concept)[],
    status                       varchar,
    "statusReason"               landing.codeable_concept,
    intent                       varchar,
    "doNotPerform"               boolean,
    "medicationCodeableConcept"  landing.codeable_concept,
    "medicationReference"        landing.reference,
    subject                      landing.reference,
    encounter                    landing.reference,
    "authoredOn"                 varchar,
    "dosageInstruction"          struct(text varchar, route landing.codeable_concept)[],
    "dispenseRequest"            struct(
                                     "validityPeriod" landing.period,
                                     "numberOfRepeatsAllowed" integer,
                                     quantity landing.quantity,
                                     "expectedSupplyDuration" landing.quantity
                                 )
);
