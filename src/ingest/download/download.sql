-- Downloads from FHIR servers: what was asked for, how far it has come, and what to go on with after a run was killed.

create table if not exists meta.download (
    download_id     varchar not null,
    kind            varchar not null,     -- fhirServer, bulkExport
    source          varchar not null,
    request         json not null,        -- what was asked for; never a token or key
    phase           varchar not null,     -- as the kind has them; at the end downloaded, landed, lost (begun anew)
    folder          varchar not null,     -- where the files are until they have landed
    since           varchar,              -- only what changed since then was asked for
    server_time     varchar,              -- what the next download may ask to have since
    status_url      varchar,              -- of an export
    started_at      timestamp not null,
    ended_at        timestamp
);

-- The searches of a download, one by one, until it has landed.
create table if not exists meta.download_part (
    download_id     varchar not null,
    part            integer not null,
    phase           varchar not null,
    request         varchar not null,     -- relative to the base: 'Condition?patient=1'
    template        varchar not null,     -- the same without any id, for messages
    resource_type   varchar not null,
    state           varchar not null,     -- waiting, done, missing (the server does not have it)
    next_url        varchar,              -- the page to go on with; NULL: the first
    watermark       varchar,              -- the newest meta.lastUpdated, as long as they came in this order
    sorted          boolean not null,     -- whether they came in this order so far
    restarts        integer not null,     -- how often the server had forgotten the next page
    pages           bigint not null
);

-- The files of a download. What a file holds beyond `bytes` was not committed.
create table if not exists meta.download_file (
    download_id     varchar not null,
    name            varchar not null,
    role            varchar not null,     -- match, include, id; of an export output, deleted, error
    resource_type   varchar,
    state           varchar not null,     -- waiting, done
    bytes           bigint not null,
    address         varchar,              -- of an export: the URL of the file, without its query
    validator       varchar,              -- of an export: ETag or Last-Modified of what was downloaded so far
    expected        bigint                -- of an export: how many records the manifest announces
);
