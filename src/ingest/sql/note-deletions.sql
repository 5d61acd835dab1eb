-- What the entries of Bundles say is deleted. One that does not say when it was is deleted when its Bundle was made, else now.

insert into meta.deletion
select distinct
    landing_source,
    landing.canonical_reference(resource ->> '$.request.url'),
    coalesce(
        try_cast(resource ->> '$.response.lastModified' as timestamptz),
        try_cast(resource ->> '$.timestamp' as timestamptz),
        current_timestamp
    )
from staged_resource
where resource_type = '(deletion)' and not contains(resource ->> '$.request.url', '?');
