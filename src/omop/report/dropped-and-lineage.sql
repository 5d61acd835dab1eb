-- What became of every record: rows (lineage), no row (dropped), and the count of both by file.

create or replace temp table record_part as
select source, file_id, resource_type, resource_id, 0 as part, reason from person_row
union all
select source, file_id, resource_type, resource_id, 0, reason from visit_row
union all
select source, file_id, resource_type, resource_id, part, reason from event_row;

-- A record is mapped when any part of it left a row.
create or replace temp table record_fate as
select source, file_id, resource_type, resource_id, bool_or(reason is null) as mapped
from record_part
group by all;

delete from mapping.dropped;

insert into mapping.dropped
select
    part.source,
    part.file_id,
    part.resource_type,
    part.resource_id,
    part.part,
    part.reason,
    not fate.mapped and row_number() over (partition by part.source, part.file_id, part.resource_type, part.resource_id order by part.part) = 1
from record_part part
join record_fate fate using (source, file_id, resource_type, resource_id)
where part.reason is not null
    -- A panel whose value lies in its components is no loss when one of them left a row.
    and not (part.reason = 'PANEL_WITHOUT_VALUE' and fate.mapped);

delete from mapping.lineage;

insert into mapping.lineage
select 'person', person_id, source, file_id, resource_type, resource_id, 0, 0, mapping.made_up(birth_date)
from person_row where reason is null
union all
select
    'visit_occurrence', visit_occurrence_id, source, file_id, resource_type, resource_id, 0, 0,
    coalesce(mapping.made_up(start_text), case when visit_end_date is null then 'end from start' end)
from visit_row where reason is null
union all
select cdm_table, cdm_id, source, file_id, resource_type, resource_id, part, target, imputed
from event_row where reason is null;

delete from mapping.file_fate;

insert into mapping.file_fate
select file_id, resource_type, count(*) filter (mapped), 0, count(*) filter (not mapped)
from record_fate
group by all;

-- How often each code was used, in whatever role.
update mapping.code_mapping
set records = used.records
from (
    select role, code_key, target, count(*) as records from event_row where reason is null group by all
    union all
    select 'value', value_key, 0, count(*) from event_row where reason is null and value_key is not null group by all
    union all
    select 'unit', unit_key, 0, count(*) from event_row where reason is null and unit_key is not null group by all
    union all
    select 'route', route_key, 0, count(*) from event_row where reason is null and route_key is not null group by all
) used
where used.role = code_mapping.role and used.code_key = code_mapping.code_key and used.target = code_mapping.target;
