-- Records that their source has deleted, unless they are of a later time.

create or replace temp table superseded as
select version.rowid as row_number, version.landing_file
from {{table}} version
join (
    select source, name, max(deleted_at) as deleted_at
    from meta.deletion
    where starts_with(name, {{resource_type}} || '/')
    group by all
) deletion
    on deletion.source = version.landing_source and deletion.name = {{resource_type}} || '/' || version.id
where coalesce(try_cast(version.meta."lastUpdated" as timestamptz) <= deletion.deleted_at, true);
