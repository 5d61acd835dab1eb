-- The distinct codes of the events, and what each can be expressed in as it stands. Events are many, codes are few.

create or replace temp table code_type as
select kind, vocabulary_id, code_type
from read_csv({{code_types}}, header => true, all_varchar => true)
cross join unnest(['diagnoses', 'procedures', 'medications', 'lab_results']) as kinds(kind)
-- A laboratory result is told by LOINC alone.
where kind <> 'lab_results' or code_type = 'LOINC';

create or replace temp table event_code as
select distinct kind, concept_id, source_concept_id, source_value
from raw_event;

-- Source codes that the vocabulary does not have, but whose code system was named.
create or replace temp table unlisted_code as
select
    kind,
    source_value,
    any_value(vocabulary_id) as vocabulary_id
from mapping.code_mapping
join kind_of_role using (role)
where source_concept_id = 0 and vocabulary_id is not null and source_value is not null
group by all
having count(distinct vocabulary_id) = 1;

-- Which code systems are taken, the best first. Where nothing was asked for, the source's own comes before all of them.
create or replace temp table preference as
{{preference}};

create or replace temp table code_candidate as
select event_code.*, concept_code as code, code_type, case when {{source_first}} then 0 else 1 end as distance
from event_code
join vocab.concept on concept.concept_id = source_concept_id and source_concept_id <> 0
join code_type using (kind, vocabulary_id)
union all
select event_code.*, source_value, code_type, case when {{source_first}} then 0 else 1 end
from event_code
join unlisted_code using (kind, source_value)
join code_type using (kind, vocabulary_id)
where source_concept_id = 0
union all
select event_code.*, concept_code, code_type, 3
from event_code
join vocab.concept on concept.concept_id = event_code.concept_id and event_code.concept_id <> 0
join code_type using (kind, vocabulary_id);

-- Standard concepts for which a better code system than those at hand is wanted.
create or replace temp table concept_to_translate as
select distinct kind, concept_id
from event_code
left join (
    select
        kind, concept_id, source_concept_id, source_value,
        min(case when distance = 0 then 0 else rank end) as rank
    from code_candidate
    join preference using (kind, code_type)
    group by all
) as at_hand using (kind, concept_id, source_concept_id, source_value)
where concept_id <> 0 and kind <> 'lab_results'
    and exists (from preference where preference.kind = event_code.kind and preference.rank < coalesce(at_hand.rank, 1e9));
