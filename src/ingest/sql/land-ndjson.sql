-- One type of resource, straight from NDJSON files into its landing table. A resource without id gets one made of its
-- content, without the blanks between. A line that is not of this type, or no JSON
-- at all, lands as a row with another resourceType; such files are found afterwards and read again line by line.

insert into {{table}} by name
select
    {{source}} as landing_source,
    file.file_id as landing_file,
    line.* exclude (json, filename) replace (coalesce(nullif(line.id, ''), md5(json(line.json))) as id)
from (
    select unnest(json_transform(json, {{structure}})), json, filename
    from read_ndjson_objects({{files}}, ignore_errors => true, filename => true, compression => {{compression}})
) line
join landing_file file on file.path = line.filename;
