delete from mapping.dropped;

insert into mapping.dropped
select source, file_id, resource_type, resource_id, 0, reason from person_row where reason is not null
union all
select source, file_id, resource_type, resource_id, 0, reason from visit_row where reason is not null
union all
select source, file_id, resource_type, resource_id, part, reason from event_row where reason is not null;

delete from mapping.lineage;

insert into mapping.lineage
select 'person', person_id, source, file_id, resource_type, resource_id, 0, 0, mapping.made_up(birth_date)
from person_row where reason is null
union all
select 'visit_occurrence', visit_occurrence_id, source, file_id, resource_type, resource_id, 0, 0,
    concat_ws(', ', mapping.made_up(start_text), case when visit_end_date is null then 'end from start' end)
from visit_row where reason is null
union all
select cdm_table, cdm_id, source, file_id, resource_type, resource_id, part, target, imputed
from event_row where reason is null;

-- A panel whose value lies in its components is no loss as long as one of them left a row.
delete from mapping.dropped
where reason = 'PANEL_WITHOUT_VALUE'
    and (source, resource_type, resource_id) in (select (source, resource_type, resource_id) from event_row where reason is null and part > 0);

update mapping.code_mapping
set records = used.records
from (
    select role, code_key, target, count(*) as records from event_row where reason is null group by all
) used
where used.role = code_mapping.role and used.code_key = code_mapping.code_key and used.target = code_mapping.target;

-- A record is mapped when any part of it left a row; else it is dropped, for the reason of its first part.
create or replace temp table record_fate as
select
    file_id,
    resource_type,
    bool_or(reason is null) as mapped
from (
    select file_id, resource_type, source, resource_id, reason from person_row
    union all
    select file_id, resource_type, source, resource_id, reason from visit_row
    union all
    select file_id, resource_type, source, resource_id, reason from event_row
)
group by source, file_id, resource_type, resource_id;

delete from mapping.file_fate;

insert into mapping.file_fate
select file_id, resource_type, count(*) filter (mapped), 0, count(*) filter (not mapped)
from record_fate
group by all;
