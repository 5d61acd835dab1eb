-- NDCs as the vocabulary spells them: eleven digits, or the first nine where it has only the drug and not the package.
-- Rules: docs/mapping.md#spelling-of-codes.

-- The eleven digits (labeler 5, product 4, package 2) that an NDC of ten or eleven may stand for. Hyphens say where a zero
-- was left out; without them it may be in three places.
create or replace macro mapping.ndc_of_eleven_digits(code) as
    case
        when regexp_full_match(code, '\d{4,5}-\d{3,4}-\d{1,2}') and length(code) >= 12
        then [
            lpad(split_part(code, '-', 1), 5, '0') || lpad(split_part(code, '-', 2), 4, '0') || lpad(split_part(code, '-', 3), 2, '0')
        ]
        when regexp_full_match(code, '\d{10}')
        then ['0' || code, code[1:5] || '0' || code[6:], code[1:9] || '0' || code[10:]]
        else [replace(code, '-', '')]
    end;

-- A code that may stand for several NDCs of the vocabulary stands for none.
create or replace temp table ndc_spelling as
with code as (
    select distinct trim(coding.code) as code
    from (select unnest(code.coding) as coding from code_in_use)
    where regexp_full_match(trim(coding.code), '[\d-]{9,13}')
),

spelling as (
    select code, unnest(mapping.ndc_of_eleven_digits(code)) as spelling
    from code
),

known as (
    select distinct spelling.code, concept.concept_code
    from (select code, unnest([spelling, spelling[1:9]]) as spelling from spelling) spelling
    join vocabulary.concept on concept.vocabulary_id = 'NDC' and concept.concept_code = spelling.spelling
)

select code, min(concept_code) as spelling
from (select *, max(length(concept_code)) over (partition by code) as longest from known)
where length(concept_code) = longest
group by code
having count(*) = 1;
