-- What was read, and what was refused. Written in the same transaction as the landing tables.

create table if not exists meta.file (
    file_id     integer not null,
    source      varchar not null,
    path        varchar not null,
    format      varchar not null,     -- ndjson, document, csv, unreadable
    bytes       bigint not null,
    run_id      varchar not null,     -- the last run that read it, or found it as it was
    loaded_at   timestamp not null,
    -- By these a file is known again, and passed over while it is as it was.
    modified        timestamp,
    hash            varchar,          -- SHA-256
    landing_layout  varchar           -- of the tables that it landed in
);

-- Records by file and type as they were read, and those that a newer version has replaced since.
create table if not exists meta.file_records (
    file_id         integer not null,
    resource_type   varchar not null,
    read            bigint not null,
    ignored         bigint not null,  -- of a type that has no landing table
    quarantined     bigint not null,
    superseded      bigint not null
);

-- Everything that could not be read. Never the content itself: only where it is and why.
create table if not exists meta.quarantine (
    file_id     integer not null,
    line        bigint,               -- counted from 1, where the file has lines
    byte        bigint,               -- counted from 1, where only the offset is known
    code        varchar not null,
    reason      varchar not null,
    run_id      varchar not null
);

-- Elements of another type than FHIR gives them, and in how many records of a file. Files that have none are not looked
-- through for them.
create table if not exists meta.unread_element (
    file_id         integer not null,
    resource_type   varchar not null,
    element         varchar not null,     -- 'code.coding[].userSelected'
    expected        varchar not null,     -- text, number, boolean, object, list
    found           varchar not null,     -- the same, or 'several kinds'
    records         bigint not null
);

-- Records that a source has deleted: versions that are not newer stay away, in whatever order they come.
create table if not exists meta.deletion (
    source      varchar not null,
    name        varchar not null,         -- 'Patient/1'
    deleted_at  timestamptz not null
);

-- The identifiers of patients, where records may name their patient by one. Kept as hashes.
create table if not exists meta.patient_identifier (
    source          varchar not null,
    file_id         integer not null,
    name            varchar not null,     -- 'identifier-…'
    patient_id      varchar not null
);

-- The records that name their patient by an identifier, and by which.
create table if not exists meta.patient_reference (
    source          varchar not null,
    resource_type   varchar not null,
    resource_id     varchar not null,
    name            varchar not null
);

-- What has changed since the data was last mapped: the patients whose records came, went or became others, and other records
-- (medications, practitioners …) that did. Kept only where there is a mapping.
create table if not exists meta.change (
    source          varchar not null,
    resource_type   varchar not null,
    patient_id      varchar,              -- NULL: the record names none
    resource_id     varchar               -- of a record that names no patient; NULL for others
);

-- How the rows of each CSV file become persons, visits or events (schemas/csv-mapping.ts), by source and landing table.
create table if not exists meta.csv_mapping (
    source          varchar not null,
    landing_table   varchar not null,
    file            varchar not null,     -- its name in the mapping, and the resource_type of its records
    mapping         varchar not null,     -- the name of the mapping it is part of
    definition      json not null
);

-- How each CSV file is written, so that rows of it can be corrected.
create table if not exists meta.csv_layout (
    file_id         integer not null,
    file            varchar not null,     -- its name in the mapping
    delimiter       varchar not null,
    header          varchar[] not null,
    transformed     boolean not null      -- its rows went through a function of the user
);

-- The rows of CSV files that were put aside, and those that mapping dropped for what stands in them: written to rejects.csv,
-- corrected and fed back.
create table if not exists meta.csv_reject (
    file_id         integer not null,
    line            bigint,               -- counted from 1; NULL: the file as a whole
    column_name     varchar,              -- where it goes wrong; NULL: in no column in particular
    value           varchar,              -- what stands there
    code            varchar not null,
    reason          varchar not null,
    "row"           varchar,              -- the whole row as it is written; NULL: too long to be kept
    run_id          varchar not null,
    landing_row     varchar               -- of a row that has landed: what it is known by, without its number; else NULL
);

-- Rows of CSV files that were corrected. As long as a file has the row as it was, the corrected one is taken in its place.
create table if not exists meta.csv_correction (
    source          varchar not null,
    file            varchar not null,     -- its name in the mapping
    "row"           varchar not null,     -- as it was
    landing_row     varchar,              -- by which it is known among rows that have landed; NULL: it could not be read
    corrected       varchar not null
);

-- The id that a reference ends in: 'Patient/1', 'http://host/fhir/Patient/1/_history/2' and 'urn:uuid:1' all give '1'.
create or replace macro landing.reference_id(reference) as
    case
        when starts_with(reference, 'urn:uuid:') then substring(reference, 10)
        when contains(reference, '/') and not contains(reference, '?') then
            regexp_extract(reference, '([^/?#]+)(/_history/[^/]*)?/?$', 1)
    end;

-- The id that a reference to a resource of one type ends in; NULL when it refers to another type. A urn names no type.
create or replace macro landing.reference_to(reference, type) as
    case
        when starts_with(reference, 'urn:uuid:') then substring(reference, 10)
        when starts_with(reference, type || '/') and reference not like '%/%/%' then substring(reference, length(type) + 2)
        else nullif(regexp_extract(reference, '(?:^|/)' || type || '/([^/?#]+)(?:/_history/[^/]*)?/?$', 1), '')
    end;

-- A reference as 'Type/id', whatever server and version it names; a urn, a contained '#id' and a search stay as they are.
create or replace macro landing.canonical_reference(reference) as
    case
        when starts_with(reference, 'urn:') or starts_with(reference, '#') or contains(reference, '?') then reference
        -- Most are so already.
        when reference not like '%/%/%' and not contains(reference, '#') then reference
        else coalesce(nullif(regexp_extract(reference, '([A-Za-z]+/[^/#]+)(?:/_history/[^/]*)?/?$', 1), ''), reference)
    end;

-- What an identifier is known by that is said as 'system|value' or 'value'; '|value' has no system.
create or replace macro landing.name_by_identifier(token) as 'identifier-' || md5(nullif(ltrim(token, '|'), ''));
