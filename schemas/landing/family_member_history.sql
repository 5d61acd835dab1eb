create table if not exists landing.family_member_history (
    landing_source        varchar not null,
    landing_file          integer not null,
    "resourceType"        varchar,
    id                    varchar,
    meta                  landing.meta,
    "modifierExtension"   struct(url varchar)[],
    status                varchar,
    "notDone"             boolean,            -- STU3
    patient               landing.reference,
    date                  varchar,
    participant           struct(actor landing.reference)[], -- R5
    relationship          landing.codeable_concept,
    condition             struct("modifierExtension" struct(url varchar)[], code landing.codeable_concept)[]
);
