-- The entries of Bundles become resources of their own. Run again while there are Bundles within Bundles.

create or replace temp table bundle_entry as
select landing_source, file_id, bundle, timestamp, unnest(entries) as entry
from (
    select
        landing_source,
        file_id,
        rowid as bundle,
        resource -> '$.timestamp' as timestamp,
        json_extract(resource, '$.entry[*]') as entries
    from staged_resource
    where resource_type = 'Bundle'
);

delete from staged_resource where resource_type = 'Bundle';

insert into staged_resource
select
    landing_source,
    file_id,
    bundle,
    full_url,
    resource_type,
    case
        when resource_type = 'Bundle' or list_contains({{landed_types}}, resource_type) then resource
        when resource_type = '(deletion)'
            then json_object('request', entry -> '$.request', 'response', entry -> '$.response', 'timestamp', timestamp)
    end
from (
    select
        landing_source,
        file_id,
        bundle,
        entry ->> '$.fullUrl' as full_url,
        entry,
        timestamp,
        case
            when json_exists(entry, '$.resource') then resource_type_of(entry -> '$.resource')
            when entry ->> '$.request.method' = 'DELETE' then '(deletion)'
        end as resource_type,
        entry -> '$.resource' as resource
    from bundle_entry
);

drop table bundle_entry;
