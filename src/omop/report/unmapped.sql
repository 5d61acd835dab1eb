-- The codes that have no standard concept, by how many rows want one: what to map next. Codes of a known system are named with
-- their vocabulary, others with the system itself, as a rule of SOURCE_TO_CONCEPT_MAP may name them.

create or replace temp table code_use as
select role, code_key, cdm_table from event_row where reason is null
union all
select 'value', value_key, cdm_table from event_row where reason is null and value_key is not null
union all
select 'unit', unit_key, cdm_table from event_row where reason is null and unit_key is not null
union all
select 'route', route_key, cdm_table from event_row where reason is null and route_key is not null
union all
select 'anatomic site', anatomic_site_key, cdm_table from event_row where reason is null and anatomic_site_key is not null
union all
select 'specialty', specialty_key, 'provider' from provider_row where reason is null and specialty_key is not null
union all
select 'payer', payer_key, 'payer_plan_period' from payer_plan_row where reason is null and payer_key is not null
union all
select 'note class', class_key, 'note' from note_row where reason is null and class_key is not null;

delete from mapping.unmapped;

insert into mapping.unmapped
with code as (
    select distinct role, code_key, system, code, coalesce(display, source_value) as display, vocabulary_id
    from mapping.code_mapping
    where status = 'UNMAPPED'
),

used as (
    select role, code_key, cdm_table, count(*) as rows
    from code_use
    group by all
)

select
    role,
    system,
    code,
    min(display) as display,
    vocabulary_id,
    sum(rows)::bigint as rows,
    list_sort(list(distinct cdm_table)) as tables
from code
join used using (role, code_key)
group by role, system, code, vocabulary_id, case when code is null then display end;
