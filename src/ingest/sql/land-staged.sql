insert into {{table}} by name
select
    file.source as landing_source,
    file_id as landing_file,
    staged.* exclude (file_id, full_url, resource)
        replace (coalesce(nullif(staged.id, ''), landing.reference_id(staged.full_url), md5(json(staged.resource))) as id)
from (
    select file_id, full_url, resource, unnest(json_transform(resource, {{structure}}))
    from staged_resource
    where resource_type = {{resource_type}} and {{portion}}
) staged
join landing_file file using (file_id);
