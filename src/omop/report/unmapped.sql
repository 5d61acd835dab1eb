-- The codes that have no standard concept, by how many rows want one: what to map next. Codes of a known system are named with
-- their vocabulary, others with the system itself, as a rule of SOURCE_TO_CONCEPT_MAP may name them.

delete from mapping.unmapped;

insert into mapping.unmapped
with code as (
    select distinct role, code_key, system, code, coalesce(display, source_value) as display, vocabulary_id
    from mapping.code_mapping
    where status = 'UNMAPPED'
),

used as (
    select role, code_key, cdm_table, sum(rows) as rows
    from mapping.code_use
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
