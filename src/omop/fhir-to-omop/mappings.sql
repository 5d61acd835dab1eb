-- What each coding of the records that left a row led to: the chosen coding for every row that it made, the others for the
-- first. A record in words only has one entry, without system and code.

with target as (
    select
        target.role,
        target.code_key,
        target.position,
        target.source_concept_id,
        target.concept_id,
        row_number() over (
            partition by target.role, target.code_key, target.position
            order by target.source_concept_id <> chosen.concept_id, target.concept_id
        ) - 1 as target
    from candidate_target target
    join chosen using (role, code_key)
),

coding as (
    select
        event.resource_type,
        event.resource_id,
        event.part,
        event.target,
        event.cdm_table,
        event.cdm_id,
        coding.role,
        coding.code_key,
        coding.position,
        coding.system,
        coding.code,
        coalesce(coding.display, coding.text) as name,
        coding.position = chosen.position as is_chosen,
        chosen.found_by
    from event_row event
    join coding_in_use coding on coding.role = event.role and coding.code_key = event.code_key
    join chosen on chosen.role = event.role and chosen.code_key = event.code_key
    where event.reason is null and (event.target = 0 or coding.position = chosen.position)
),

-- Words that are the name of one standard concept, and of no other.
suggestion as (
    select word.name, word.cdm_table, min(concept.concept_id) as concept_id
    from (select distinct name, cdm_table from coding where code is null and name <> '') word
    join vocabulary.concept
        on lower(concept.concept_name) = lower(trim(word.name))
        and concept.standard_concept = 'S'
        and concept.invalid_reason is null
        and list_contains(mapping.tables_of_domain(concept.domain_id), word.cdm_table)
    group by all
    having count(*) = 1
)

select
    coding.resource_type,
    coding.resource_id,
    coding.cdm_table as omop_table,
    coding.cdm_id as omop_id,
    coding.system as source_system,
    coding.code as source_code,
    coding.name as source_name,
    upper(concept.vocabulary_id) as target_vocabulary,
    concept.concept_code as target_code,
    concept.concept_name as target_name,
    case
        when target.concept_id is null then case when concept.concept_id is null then 'UNMAPPED' else 'UNCHECKED' end
        when target.concept_id = target.source_concept_id and coding.found_by is distinct from 'USER_RULE' then 'ALREADY_STANDARD'
        else 'MAPPED'
    end as mapping_status,
    case
        when target.concept_id is null and concept.concept_id is not null
        then 'The words are the name of this concept. The row has concept 0 until somebody confirms it.'
    end as note,
    coding.is_chosen and coding.target = 0 as counts
from coding
left join target
    on target.role = coding.role
    and target.code_key = coding.code_key
    and target.position = coding.position
    and target.target = case when coding.is_chosen then coding.target else 0 end
left join suggestion
    on coding.code is null and suggestion.name = coding.name and suggestion.cdm_table = coding.cdm_table
left join vocabulary.concept on concept.concept_id = coalesce(target.concept_id, suggestion.concept_id)
order by coding.resource_type, coding.resource_id, coding.part, coding.target, coding.position;
