-- Code systems whose codes cannot have a concept: not known, or their vocabulary is not loaded. One row a system.

with unmapped as (
    select system, mapping.canonical_uri(system) as uri, code, records
    from mapping.code_mapping
    where status = 'UNMAPPED' and system <> '' and code is not null
),

known as (
    select
        uri,
        string_agg(vocabulary_id, ' or ' order by preference) as vocabulary,
        bool_or(vocabulary_id is null or vocabulary_id in (select distinct vocabulary_id from vocabulary.concept)) as loaded
    from code_system
    group by uri
)

select
    min(unmapped.system) as system,
    known.vocabulary,
    count(distinct unmapped.code) as codes,
    sum(unmapped.records) as records
from unmapped
left join known using (uri)
where known.uri is null or not known.loaded
group by uri, known.vocabulary
order by records desc, system;
