-- Inside a Bundle a reference may name the fullUrl of another entry. Where that url ends in the entry's id, nothing is to
-- be done; elsewhere the url is written as Type/id in all resources of that Bundle, so that nobody later needs the Bundle.

insert into full_url_alias
select bundle, list('"' || full_url || '"' || chr(9) || '"' || resource_type || '/' || id || '"') as aliases
from (
    select bundle, full_url, resource_type, nullif(resource ->> '$.id', '') as id
    from staged_resource
    where full_url is not null and resource_type <> ''
)
where id is not null and landing.reference_id(full_url) is distinct from id
group by bundle;

update staged_resource
set resource = list_reduce(
    list_prepend(resource::varchar, alias.aliases),
    lambda text, pair: replace(text, split_part(pair, chr(9), 1), split_part(pair, chr(9), 2))
)::json
from full_url_alias alias
where alias.bundle = staged_resource.bundle and contains(staged_resource.resource::varchar, '"reference"');
