-- Which statuses of a resource type are dropped: all but those of a rule `take`, or those of a rule `drop` only
-- (schemas/status-filter.csv). What the user says of a type takes the place of what is listed.

create or replace temp table status_filter as
with own as (
    select unnest({{own_status_filter}}, recursive := true)
),

listed as (
    select resource_type, rule, string_split(statuses, ';') as statuses
    from read_csv({{status_filter}}, {{list_format}}, columns => {
        'resource_type': 'varchar', 'rule': 'varchar', 'statuses': 'varchar', 'source': 'varchar', 'known': 'varchar'
    })
)

from own
union all by name
from listed anti join own using (resource_type);

-- Variables, for they are constants to the statements that read them.
set variable statuses_taken = (
    select coalesce(map_from_entries(list((resource_type, statuses))), map {}) from status_filter where rule = 'take'
);

set variable statuses_dropped = (
    select coalesce(map_from_entries(list((resource_type, statuses))), map {}) from status_filter where rule = 'drop'
);

-- Whether a record is dropped for its status. One without status is dropped where only certain ones are taken.
create or replace macro mapping.drops_status(resource_type, status) as
    case
        when getvariable('statuses_dropped')[resource_type] is not null
        then coalesce(list_contains(getvariable('statuses_dropped')[resource_type], status), false)
        else not coalesce(list_contains(getvariable('statuses_taken')[resource_type], status), false)
    end;

-- The same of several statuses, of which any may drop it.
create or replace macro mapping.drops_any_status(resource_type, statuses) as
    coalesce(list_has_any(getvariable('statuses_dropped')[resource_type], statuses), false);
