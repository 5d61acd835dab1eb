-- One type of resource, straight from NDJSON files into its landing table. A line that is not of this type lands as
-- a row with another resourceType, and a resource without id as one with an empty id; such files are found afterwards and
-- staged. A line that is no JSON or too long, or has an element of a wrong type, ends it with an error.

insert into {{table}} by name
select
    file.source as landing_source,
    file.file_id as landing_file,
    line.* exclude (filename) replace (coalesce(line.id, '') as id)
from read_ndjson(
    {{files}}, columns => {{columns}}, filename => true, compression => {{compression}}, maximum_object_size => {{direct_bytes}}
) line
join landing_file file on file.path = line.filename;
