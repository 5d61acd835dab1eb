create table if not exists landing.explanation_of_benefit (
    landing_source        varchar not null,
    landing_file          integer not null,
    "resourceType"        varchar,
    id                    varchar,
    meta                  landing.meta,
    "modifierExtension"   struct(url varchar)[],
    status                varchar,
    use                   varchar,
    outcome               varchar,                          -- in STU3 a CodeableConcept, here JSON
    patient               landing.reference,
    claim                 landing.reference,
    prescription          landing.reference,
    insurance             varchar,                          -- JSON: several; in STU3 one
    encounter             landing.reference[],              -- R5
    procedure             struct(sequence integer, "procedureReference" landing.reference)[],
    item                  landing.billed_item[],
    total                 landing.amount[],
    "totalCost"           landing.money,                    -- STU3: a total submitted
    payment               struct(amount landing.money)
);
