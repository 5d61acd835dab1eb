-- NDJSON files of mixed content, a line of which may be a Bundle. Lines that are no JSON come out as NULL, and are counted
-- as such.

insert into staged_resource
select
    landing_source,
    file_id,
    null,
    null,
    resource_type,
    case when resource_type = 'Bundle' or list_contains({{landed_types}}, resource_type) then json end
from (
    select file.source as landing_source, file.file_id, resource_type_of(line.json) as resource_type, line.json
    from read_ndjson_objects({{files}}, ignore_errors => true, filename => true, compression => {{compression}}) line
    join landing_file file on file.path = line.filename
);
