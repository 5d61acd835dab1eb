create table if not exists landing.questionnaire_response (
    landing_source        varchar not null,
    landing_file          integer not null,
    "resourceType"        varchar,
    id                    varchar,
    meta                  landing.meta,
    "modifierExtension"   struct(url varchar)[],
    questionnaire         varchar,            -- a canonical; in STU3 a reference as text
    status                varchar,
    subject               landing.reference,
    encounter             landing.reference,
    context               landing.reference,  -- STU3
    authored              varchar,
    author                landing.reference,
    source                landing.reference,
    item                  varchar             -- JSON as text: items hold items, to any depth
);
