create table if not exists landing.document_reference (
    landing_source        varchar not null,
    landing_file          integer not null,
    "resourceType"        varchar,
    id                    varchar,
    meta                  landing.meta,
    language              varchar,
    "modifierExtension"   struct(url varchar)[],
    status                varchar,
    "docStatus"           varchar,
    type                  landing.codeable_concept,
    category              landing.codeable_concept[],
    class                 landing.codeable_concept,         -- STU3: category
    subject               landing.reference,
    date                  varchar,
    created               varchar,                -- STU3: date
    indexed               varchar,                -- STU3: when it was registered
    author                landing.reference[],
    authenticator         landing.reference,
    content               struct(attachment landing.attachment)[],
    context               varchar,                -- JSON: encounters and period; in STU3 one encounter; in R5 references
    period                landing.period          -- R5
);
