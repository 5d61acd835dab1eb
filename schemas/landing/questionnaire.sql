-- Read only for the codes of its items.
create table if not exists landing.questionnaire (
    landing_source        varchar not null,
    landing_file          integer not null,
    "resourceType"        varchar,
    id                    varchar,
    meta                  landing.meta,
    url                   varchar,
    version               varchar,
    item                  varchar             -- JSON as text: items hold items, to any depth
);
