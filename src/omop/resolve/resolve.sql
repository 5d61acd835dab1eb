-- From codes to standard concepts: rules: docs/mapping.md#codes.

-- 1. Every coding with the concept that its system and code name; the source concept may be old or not standard. A rule of
-- the user takes the place of what the vocabulary says; it may name a source concept of its own.
create or replace temp table candidate as
with rule as (
    select distinct uri, code, nullif(source_concept_id, 0) as source_concept_id
    from rule_of_code
    where concept_id is not null
)
select
    coding.role,
    coding.code_key,
    coding.position,
    coding.system,
    coding.code,
    coding.display,
    coding.user_selected,
    coding.text,
    code_system.vocabulary_id,
    coalesce(rule.source_concept_id, concept.concept_id, case when rule.code is not null then 0 end) as concept_id,
    case when rule.code is null then concept.standard_concept end as standard_concept,
    concept.invalid_reason,
    concept.domain_id,
    concept.concept_class_id,
    coalesce(vocabulary_priority.priority, 100) as priority,
    code_system.preference,
    case when rule.code is null then concept.found_by else 'USER_RULE' end as found_by
from coding_in_use coding
left join code_system
    on code_system.uri = coding.uri
left join concept_of_code concept
    on concept.uri = coding.uri
    and concept.code = coding.code
    and concept.vocabulary_id = code_system.vocabulary_id
left join rule
    on rule.uri = coding.uri
    and rule.code = coding.code
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
    target.domain_id,
    target.concept_class_id
from candidate
join vocabulary.concept_relationship relationship
    on relationship.concept_id_1 = candidate.concept_id
    and lower(relationship.relationship_id) in ('maps to', 'concept replaced by')
    and relationship.invalid_reason is null
join vocabulary.concept target
    on target.concept_id = relationship.concept_id_2
    and target.standard_concept = 'S'
    and target.invalid_reason is null
where candidate.found_by <> 'USER_RULE'
qualify dense_rank() over (
    partition by candidate.role, candidate.code_key, candidate.position, candidate.concept_id
    order by lower(relationship.relationship_id) desc
) = 1
union
select role, code_key, position, concept_id, concept_id, domain_id, concept_class_id
from candidate
where standard_concept = 'S' and invalid_reason is null
union
select role, code_key, position, candidate.concept_id, rule.concept_id, rule.domain_id, rule.concept_class_id
from candidate
join coding_in_use coding using (role, code_key, position)
join rule_of_code rule on rule.uri = coding.uri and rule.code = coding.code and rule.concept_id is not null
where found_by = 'USER_RULE';

-- A unit must be a unit and a route a route; other concepts of the same code do not count.
delete from candidate_target
using code_role
where code_role.role = candidate_target.role and code_role.domain <> candidate_target.domain_id;

-- A unit that leads nowhere by its code is the one that it was matched with. Rules: docs/mapping.md#units.
insert into candidate
select distinct candidate.* replace (
    concept.vocabulary_id as vocabulary_id,
    concept.concept_id as concept_id,
    concept.standard_concept as standard_concept,
    concept.invalid_reason as invalid_reason,
    concept.domain_id as domain_id,
    concept.concept_class_id as concept_class_id,
    'UNIT' as found_by
)
from candidate
join unit_match on unit_match.code_key = candidate.code_key
join vocabulary.concept on concept.concept_id = unit_match.concept_id
where candidate.role = 'unit'
    and not exists (from candidate_target where role = 'unit' and code_key = candidate.code_key);

insert into candidate_target by name
select role, code_key, position, concept_id as source_concept_id, concept_id, domain_id, concept_class_id
from candidate
where found_by = 'UNIT';

-- 3. One coding is chosen: one that leads somewhere, then one that the user has a rule for, then the vocabulary preferred for
-- its role, the user's own choice, the one whose concept lies below those of the others, the first.
create or replace temp table chosen as
select candidate.*
from candidate
left join (
    select target.role, target.code_key, target.position, target.source_concept_id, count(ancestor.ancestor_concept_id) as above
    from candidate_target target
    left join candidate_target other
        on other.role = target.role and other.code_key = target.code_key and other.concept_id <> target.concept_id
    left join vocabulary.concept_ancestor ancestor
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
        candidate.found_by is distinct from 'USER_RULE',
        candidate.priority,
        not candidate.user_selected,
        leads.above desc,
        candidate.position,
        candidate.preference
) = 1;

-- 4. One row a target. Fields that hold one concept take the lowest.
create or replace temp table code_mapping as
with target as (
    select
        *,
        row_number() over (partition by role, code_key, position, source_concept_id order by concept_id) - 1 as target
    from candidate_target
    qualify target = 0 or role in (select role from code_role where several)
),

value_target as (
    select chosen.role, chosen.code_key, min(concept.concept_id) as value_concept_id
    from chosen
    join vocabulary.concept_relationship relationship
        on relationship.concept_id_1 = chosen.concept_id
        and chosen.found_by <> 'USER_RULE'
        and lower(relationship.relationship_id) = 'maps to value'
        and relationship.invalid_reason is null
    join vocabulary.concept
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
    coalesce(target.target, 0)::integer as target,
    coalesce(target.concept_id, 0) as concept_id,
    target.domain_id,
    case
        -- An answer asked for as if it were a question is measured.
        when chosen.role = 'observation' and target.domain_id = 'Meas Value' then ['measurement']
        else mapping.tables_of_domain(target.domain_id)
    end as tables,
    coalesce(
        list_contains(
            string_split(code_role.statement_classes, ';'),
            coalesce(target.concept_class_id, chosen.concept_class_id, 'unknown')
        ),
        false
    ) as statement,
    value_target.value_concept_id,
    case
        when target.concept_id is null then 'UNMAPPED'
        when target.concept_id = chosen.concept_id and chosen.found_by in ('CODE', 'SPELLING') then 'ALREADY_STANDARD'
        else 'MAPPED'
    end as status,
    chosen.found_by,
    0::bigint as records
from chosen
left join code_role on code_role.role = chosen.role
left join target
    on target.role = chosen.role
    and target.code_key = chosen.code_key
    and target.position = chosen.position
    and target.source_concept_id = chosen.concept_id
left join value_target
    on value_target.role = chosen.role
    and value_target.code_key = chosen.code_key;
