insert into {{table}} by name
select
    landing_source,
    file_id as landing_file,
    staged.* exclude (landing_source, file_id, full_url, resource)
        replace (coalesce(nullif(staged.id, ''), landing.reference_id(staged.full_url), md5(json(staged.resource))) as id)
from (
    select landing_source, file_id, full_url, resource, unnest(json_transform(resource, {{structure}}))
    from staged_resource
    where resource_type = {{resource_type}} and {{portion}}
) staged;
