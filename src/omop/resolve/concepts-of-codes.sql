-- The concepts that the codings in use lead to by their system and code. Rules: docs/mapping.md#codes.

create or replace temp table coding_in_use as
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
    role,
    code_key,
    position,
    coding.system as system,
    nullif(trim(coding.code), '') as code,
    coding.display as display,
    coalesce(coding."userSelected", false) as user_selected,
    text,
    mapping.canonical_uri(coding.system) as uri
from coding;

-- Each code in all its spellings: as it was sent, and as the vocabulary spells it.
create or replace temp table code_spelling as
with code as (
    select distinct uri, code, vocabulary_id, regexp_replace(code, '\s+', ' ', 'g') as tidy
    from coding_in_use
    left join code_system using (uri)
    where uri is not null and code is not null
)
select uri, code, vocabulary_id, tidy as spelling, 'CODE' as found_by, 1 as attempt
from code
union all
select
    uri,
    code,
    vocabulary_id,
    mapping.spelled_as_in_vocabulary(vocabulary_id, tidy),
    case when vocabulary_id = 'SNOMED' and mapping.is_expression(tidy) then 'FOCUS_CONCEPT' else 'SPELLING' end,
    2
from code
union all
select
    uri,
    code.code,
    vocabulary_id,
    ndc_spelling.spelling,
    case when length(ndc_spelling.spelling) = 9 then 'NDC_PRODUCT' else 'SPELLING' end,
    2
from code
join ndc_spelling on ndc_spelling.code = code.code
where vocabulary_id = 'NDC';

-- What the vocabulary has for each: the source concept, which may be old or not standard.
create or replace temp table concept_of_code as
select
    spelling.uri,
    spelling.code,
    spelling.vocabulary_id,
    spelling.found_by,
    concept.concept_id,
    concept.standard_concept,
    concept.invalid_reason,
    concept.domain_id,
    concept.concept_class_id
from code_spelling spelling
join vocabulary.concept
    on concept.vocabulary_id = spelling.vocabulary_id and concept.concept_code = spelling.spelling
qualify dense_rank() over (
    partition by spelling.uri, spelling.code, spelling.vocabulary_id
    order by spelling.attempt
) = 1;

-- What the user's own rules (SOURCE_TO_CONCEPT_MAP) say of each, today. A rule names the vocabulary of the system, or the
-- system itself. concept_id is NULL where its target is no valid standard concept.
create or replace temp table rule_of_code as
with named as (
    select uri, code, spelling, uri as vocabulary from code_spelling
    union
    select uri, code, spelling, vocabulary_id from code_spelling where vocabulary_id is not null
),

current_rule as (
    select
        trim(source_vocabulary_id) as source_vocabulary_id,
        regexp_replace(trim(source_code), '\s+', ' ', 'g') as source_code,
        source_concept_id,
        target_concept_id
    from vocabulary.source_to_concept_map
    where invalid_reason is null
        and target_concept_id <> 0
        and current_date between valid_start_date and valid_end_date
),

rule as (
    select * from current_rule
    union
    select * replace (mapping.canonical_uri(source_vocabulary_id) as source_vocabulary_id) from current_rule
)

select distinct
    named.uri,
    named.code,
    max(rule.source_concept_id) over (partition by named.uri, named.code) as source_concept_id,
    rule.target_concept_id,
    concept.concept_id,
    concept.domain_id,
    concept.concept_class_id
from named
join rule on rule.source_vocabulary_id = named.vocabulary and rule.source_code = named.spelling
left join vocabulary.concept
    on concept.concept_id = rule.target_concept_id
    and concept.standard_concept = 'S'
    and concept.invalid_reason is null;
