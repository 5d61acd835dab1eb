create table if not exists landing.claim (
    landing_source        varchar not null,
    landing_file          integer not null,
    "resourceType"        varchar,
    id                    varchar,
    meta                  landing.meta,
    "modifierExtension"   struct(url varchar)[],
    status                varchar,
    use                   varchar,
    patient               landing.reference,
    prescription          landing.reference,
    insurance             struct(focal boolean, coverage landing.reference)[],
    encounter             landing.reference[],              -- R5
    procedure             struct(sequence integer, "procedureReference" landing.reference)[],
    item                  landing.billed_item[],
    total                 landing.money
);
