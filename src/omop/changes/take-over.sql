-- What was mapped beside takes its place.

insert into cdm.location
from {{beside}}.cdm.location
where location_id not in (select location_id from cdm.location);

delete from cdm.location
where location_id not in (
    select location_id from cdm.person where location_id is not null
    union all
    select location_id from cdm.care_site where location_id is not null
);

insert into cdm.fact_relationship from {{beside}}.cdm.fact_relationship;
insert into mapping.lineage from {{beside}}.mapping.lineage;
insert into mapping.dropped from {{beside}}.mapping.dropped;
insert into mapping.code_use from {{beside}}.mapping.code_use;
insert into mapping.text_cut from {{beside}}.mapping.text_cut where cdm_table <> 'location';

-- Codes that only rows used which are gone are gone too; a code that no row ever used may stay.
create or replace temp table unused_code as
select role, code_key
from mapping.code_mapping
group by all
having max(records) > 0;

delete from unused_code
where (role, code_key) in (select (role, code_key) from mapping.code_use)
    or (role, code_key) in (select (role, code_key) from {{beside}}.mapping.code_mapping)
    -- What is said of visits and currencies is not counted.
    or role in ('visit', 'currency');

delete from mapping.code_mapping where (role, code_key) in (select (role, code_key) from unused_code);

drop table unused_code;

insert into mapping.code_mapping
select * replace (0 as records)
from {{beside}}.mapping.code_mapping
where (role, code_key) not in (select (role, code_key) from mapping.code_mapping);

update mapping.code_mapping set records = 0;

-- A record that left no row, and is not dropped as a whole, is used through others.
delete from mapping.file_fate;

insert into mapping.file_fate
with landed as (
    {{landed}}
),

-- What several rows are about is counted with each of them.
row_of_record as (
    select source, file_id, resource_type, resource_id, row_id
    from ({{rows_of_records}})
),

mapped as (
    select
        coalesce(line.file_id, lineage.file_id) as file_id,
        resource_type,
        count(distinct coalesce(line.row_id, resource_id)) as records
    from mapping.lineage
    left join row_of_record line using (source, resource_type, resource_id)
    group by all
),

dropped as (
    select file_id, resource_type, count(*) as records
    from mapping.dropped
    where whole_record
    group by all
)

select
    landed.file_id,
    landed.resource_type,
    coalesce(mapped.records, 0),
    landed.records - coalesce(mapped.records, 0) - coalesce(dropped.records, 0),
    coalesce(dropped.records, 0)
from landed
left join mapped using (file_id, resource_type)
left join dropped using (file_id, resource_type);

delete from cdm.cdm_source;
