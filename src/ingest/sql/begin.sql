-- Working tables of one landing, on this connection only.

-- Resources that do not go straight from their file into their landing table. Those of a type without landing table are
-- only counted: they keep no content.
create or replace temp table staged_resource (
    landing_source  varchar,
    file_id         integer,
    bundle          bigint,           -- which Bundle of this landing; NULL outside Bundles
    full_url        varchar,
    resource_type   varchar,          -- NULL: an entry without resource; '': no FHIR resource
    resource        json
);

-- The records that go in this landing, because their file is read anew or a newer version came.
create or replace temp table removed_record (
    source          varchar,
    resource_type   varchar,
    resource_id     varchar,
    patient_id      varchar,
    content         varchar
);

-- By Bundle, what its entries are called: the fullUrl and Type/id, both quoted.
create or replace temp table full_url_alias (
    bundle          bigint,
    aliases         varchar[]
);

create or replace temp macro resource_type_of(value) as
    case
        when value is null or json_type(value) <> 'OBJECT' or json_type(value, '$.resourceType') is distinct from 'VARCHAR' then ''
        else value ->> '$.resourceType'
    end;
