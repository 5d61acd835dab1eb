create table if not exists landing.diagnostic_report (
    landing_source        varchar not null,
    landing_file          integer not null,
    "resourceType"        varchar,
    id                    varchar,
    meta                  landing.meta,
    language              varchar,
    "modifierExtension"   struct(url varchar)[],
    status                varchar,
    category              varchar,                -- JSON: several; in STU3 one
    code                  landing.codeable_concept,
    subject               landing.reference,
    encounter             landing.reference,
    context               landing.reference,      -- STU3
    "effectiveDateTime"   varchar,
    "effectivePeriod"     landing.period,
    issued                varchar,
    performer             struct(reference varchar, actor landing.reference)[],   -- actor: STU3
    "resultsInterpreter"  landing.reference[],
    result                varchar,                -- JSON: several references
    conclusion            varchar,
    "conclusionCode"      landing.codeable_concept[],
    "codedDiagnosis"      landing.codeable_concept[],       -- STU3
    "presentedForm"       landing.attachment[]
);
