-- Standard concepts in other code systems, by what the vocabulary holds valid: codes that are mapped to the concept, and
-- the ATC class that a drug belongs to. Where there are several of one code system, none is taken: that would be a guess.

insert into code_candidate
with reached as (
    select wanted.kind, wanted.concept_id, target.concept_code as code, code_type
    from concept_to_translate wanted
    join vocabulary.concept standard on standard.concept_id = wanted.concept_id
    join vocabulary.concept_relationship relationship on relationship.concept_id_1 = wanted.concept_id
        and relationship.relationship_id = 'Mapped from' and relationship.invalid_reason is null
    join vocabulary.concept target on target.concept_id = relationship.concept_id_2
        and target.vocabulary_id <> standard.vocabulary_id and target.invalid_reason is null
    join code_type on code_type.kind = wanted.kind and code_type.vocabulary_id = target.vocabulary_id
    union all
    select wanted.kind, wanted.concept_id, target.concept_code, 'ATC'
    from concept_to_translate wanted
    join vocabulary.concept_ancestor ancestor on ancestor.descendant_concept_id = wanted.concept_id
    join vocabulary.concept target on target.concept_id = ancestor.ancestor_concept_id
        and target.vocabulary_id = 'ATC' and target.concept_class_id = 'ATC 5th' and target.invalid_reason is null
    where wanted.kind = 'medications'
),

certain as (
    select kind, concept_id, code_type, any_value(code) as code
    from reached
    group by all
    having count(distinct code) = 1
)

select event_code.*, certain.code, certain.code_type, 2
from event_code
join certain using (kind, concept_id);
