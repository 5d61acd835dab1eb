-- Reads the constants and holds each against the loaded vocabulary. What the user says of an encounter class takes the place
-- of what is listed.

create or replace temp table constant as
with own as (
    select
        'encounter class:' || class as key,
        1 as preference,
        -- What is no visit of the vocabulary is none here either; without a vocabulary the user is believed.
        case
            when domain_id = 'Visit' and standard_concept = 'S' or not exists (from vocabulary.concept) then concept_id
            else 0
        end as concept_id,
        coalesce(concept_name, concept_id::varchar) as name
    from (select unnest({{own_encounter_classes}}, recursive := true))
    left join vocabulary.concept using (concept_id)
),

listed as (
    select key, preference, concept_id, name
    from read_csv({{concept_map}}, {{list_format}}, columns => {
        'key': 'varchar', 'preference': 'integer', 'concept_id': 'bigint', 'name': 'varchar', 'rule': 'varchar'
    })
)

from own
union all
from listed anti join own using (key);

create or replace temp table concept_map as
select
    constant.key,
    case
        -- Domains and relationships are no standard concepts, nor meant to be.
        when constant.key like 'domain:%' or constant.key like 'relationship:%' then constant.concept_id
        when concept.concept_id is not null and concept.standard_concept is distinct from 'S' then 0
        else constant.concept_id
    end as concept_id,
    constant.name,
    concept.concept_id is not null as in_vocabulary,
    concept.domain_id
from constant
left join vocabulary.concept on concept.concept_id = constant.concept_id
qualify row_number() over (
    partition by constant.key
    order by
        case when concept.standard_concept = 'S' then 0 when concept.concept_id is null then 1 else 2 end,
        constant.preference
) = 1;

drop table constant;
