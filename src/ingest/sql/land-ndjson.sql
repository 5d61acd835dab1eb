-- One type of resource, straight from NDJSON files into its landing table. A line that is not of this type, or no JSON at
-- all, lands as a row with another resourceType, and a resource without id as one with an empty id; such files are found
-- afterwards and read again line by line.

insert into {{table}} by name
select
    {{source}} as landing_source,
    file.file_id as landing_file,
    line.* exclude (filename) replace (coalesce(line.id, '') as id)
from read_ndjson({{files}}, columns => {{columns}}, ignore_errors => true, filename => true, compression => {{compression}}) line
join landing_file file on file.path = line.filename;
