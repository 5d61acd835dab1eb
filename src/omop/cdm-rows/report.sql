-- What became of the rows, for the same accounts as all other records.

insert into mapping.dropped
select source, file_id, resource_type, resource_id, 0, reason, true, null
from {{rows}}
where reason is not null
union all
select source, file_id, resource_type, resource_id, generate_subscripts(left_out, 1), unnest(left_out), false, null
from {{rows}}
where reason is null;

insert into mapping.lineage
select {{table}}, {{key}}, source, file_id, resource_type, resource_id, 0, 0, null
from {{rows}}
where reason is null and {{key}} is not null;

insert into mapping.file_fate
select file_id, resource_type, count(*) filter (reason is null), 0, count(*) filter (reason is not null)
from {{rows}}
group by all;
