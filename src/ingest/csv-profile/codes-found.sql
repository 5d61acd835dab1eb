-- How many of the different codes of each column the vocabularies know.

with code as (
    select distinct column_name, trim(value) as text
    from (unpivot (select {{columns}} from profiled_file) on columns(*) into name column_name value value)
    where text <> ''
)

select column_name as name, vocabulary_id as vocabulary, count(distinct text) as found
from code
join vocabulary.concept on concept_code = text
where vocabulary_id in (select unnest({{vocabularies}}))
group by all
