-- The units in use that may be written otherwise than the vocabulary writes them, and what match-units.ts makes of them. A
-- code of another system is not read as UCUM.

create or replace temp table unit_in_use as
select code_key, unit.code, mapping.unit_meant_by(unit.display) as text
from (select code_key, code.coding[1] as unit from code_in_use where role = 'unit')
where
    coalesce(trim(unit.system), '') = ''
    or mapping.canonical_uri(unit.system) in (select uri from code_system where vocabulary_id = 'UCUM');

create or replace temp table unit_match (
    code_key    ubigint,
    concept_id  bigint
);
