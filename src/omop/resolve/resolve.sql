-- From codes to standard concepts: rules: docs/mapping.md#codes.

create or replace temp table vocabulary_priority as
from read_csv({{vocabulary_priority}}, header => true, columns => {
    'role': 'varchar', 'vocabulary_id': 'varchar', 'priority': 'integer'
});

-- 1. Every coding with the concept that its system and code name; the source concept may be old or not standard.
create or replace temp table candidate as
with coding as (
    select
        role,
        code_key,
        unnest(case when len(code.coding) > 0 then code.coding else [null] end) as coding,
        unnest(case when len(code.coding) > 0 then range(len(code.coding)) else [0] end) as position,
        code.text as text
    from code_in_use
)
select
    coding.role,
    coding.code_key,
    coding.position,
    coding.coding.system as system,
    nullif(trim(coding.coding.code), '') as code,
    coding.coding.display as display,
    coalesce(coding.coding."userSelected", false) as user_selected,
    coding.text,
    code_system.vocabulary_id,
    concept.concept_id,
    concept.standard_concept,
    concept.invalid_reason,
    concept.domain_id,
    coalesce(vocabulary_priority.priority, 100) as priority,
    code_system.preference,
    false as matched_unit
from coding
left join code_system
    on code_system.uri = mapping.canonical_uri(coding.coding.system)
left join vocab.concept
    on concept.vocabulary_id = code_system.vocabulary_id
    and concept.concept_code = mapping.spelled_as_in_vocabulary(code_system.vocabulary_id, coding.coding.code)
left join vocabulary_priority
    on vocabulary_priority.role = coding.role
    and vocabulary_priority.vocabulary_id = code_system.vocabulary_id;

-- 2. The standard concepts each candidate leads to. A standard concept leads to itself; one that was replaced and has no
-- map leads to what replaced it.
create or replace temp table candidate_target as
select distinct
    candidate.role,
    candidate.code_key,
    candidate.position,
    candidate.concept_id as source_concept_id,
    target.concept_id,
    target.domain_id
from candidate
join vocab.concept_relationship relationship
    on relationship.concept_id_1 = candidate.concept_id
    and lower(relationship.relationship_id) in ('maps to', 'concept replaced by')
    and relationship.invalid_reason is null
join vocab.concept target
    on target.concept_id = relationship.concept_id_2
    and target.standard_concept = 'S'
    and target.invalid_reason is null
qualify dense_rank() over (
    partition by candidate.role, candidate.code_key, candidate.position, candidate.concept_id
    order by lower(relationship.relationship_id) desc
) = 1
union
select role, code_key, position, concept_id, concept_id, domain_id
from candidate
where standard_concept = 'S' and invalid_reason is null;

-- A unit must be a unit and a route a route; other concepts of the same code do not count.
delete from candidate_target
where (role = 'unit' and domain_id <> 'Unit') or (role = 'route' and domain_id <> 'Route');

-- A unit that leads nowhere by its code is the one that it was matched with. Rules: docs/mapping.md#units.
insert into candidate
select distinct candidate.* replace (
    concept.vocabulary_id as vocabulary_id,
    concept.concept_id as concept_id,
    concept.standard_concept as standard_concept,
    concept.invalid_reason as invalid_reason,
    concept.domain_id as domain_id,
    true as matched_unit
)
from candidate
join unit_match on unit_match.code_key = candidate.code_key
join vocab.concept on concept.concept_id = unit_match.concept_id
where candidate.role = 'unit'
    and not exists (from candidate_target where role = 'unit' and code_key = candidate.code_key);

insert into candidate_target
select role, code_key, position, concept_id, concept_id, domain_id
from candidate
where matched_unit;

-- 3. One coding is chosen: one that leads somewhere, then the vocabulary preferred for its role, the user's own choice,
-- the one whose concept lies below those of the others, the first.
create or replace temp table chosen as
select candidate.*
from candidate
left join (
    select target.role, target.code_key, target.position, target.source_concept_id, count(ancestor.ancestor_concept_id) as above
    from candidate_target target
    left join candidate_target other
        on other.role = target.role and other.code_key = target.code_key and other.concept_id <> target.concept_id
    left join vocab.concept_ancestor ancestor
        on ancestor.descendant_concept_id = target.concept_id and ancestor.ancestor_concept_id = other.concept_id
    group by all
) leads
    on leads.role = candidate.role
    and leads.code_key = candidate.code_key
    and leads.position = candidate.position
    and leads.source_concept_id = candidate.concept_id
qualify row_number() over (
    partition by candidate.role, candidate.code_key
    order by
        leads.position is null,
        candidate.concept_id is null,
        candidate.code is null,
        candidate.priority,
        not candidate.user_selected,
        leads.above desc,
        candidate.position,
        candidate.preference
) = 1;

-- 4. One row a target. Fields that hold one concept (value, unit, route) take the lowest.
delete from mapping.code_mapping;

insert into mapping.code_mapping by name
with target as (
    select
        *,
        row_number() over (partition by role, code_key, position, source_concept_id order by concept_id) - 1 as target
    from candidate_target
    qualify target = 0 or role not in ('value', 'unit', 'route')
),

value_target as (
    select chosen.role, chosen.code_key, min(concept.concept_id) as value_concept_id
    from chosen
    join vocab.concept_relationship relationship
        on relationship.concept_id_1 = chosen.concept_id
        and lower(relationship.relationship_id) = 'maps to value'
        and relationship.invalid_reason is null
    join vocab.concept
        on concept.concept_id = relationship.concept_id_2
        and concept.standard_concept = 'S'
    group by all
)

select
    chosen.role,
    chosen.code_key,
    chosen.system,
    chosen.code,
    chosen.display,
    coalesce(chosen.code, nullif(trim(chosen.text), ''), nullif(trim(chosen.display), '')) as source_value,
    chosen.vocabulary_id,
    coalesce(chosen.concept_id, 0) as source_concept_id,
    coalesce(target.target, 0) as target,
    coalesce(target.concept_id, 0) as concept_id,
    target.domain_id,
    case
        -- An answer asked for as if it were a question is measured.
        when chosen.role = 'observation' and target.domain_id = 'Meas Value' then ['measurement']
        else mapping.tables_of_domain(target.domain_id)
    end as tables,
    value_target.value_concept_id,
    case
        when target.concept_id is null then 'UNMAPPED'
        when target.concept_id = chosen.concept_id and not chosen.matched_unit then 'ALREADY_STANDARD'
        else 'MAPPED'
    end as status,
    0 as records
from chosen
left join target
    on target.role = chosen.role
    and target.code_key = chosen.code_key
    and target.position = chosen.position
    and target.source_concept_id = chosen.concept_id
left join value_target
    on value_target.role = chosen.role
    and value_target.code_key = chosen.code_key;
