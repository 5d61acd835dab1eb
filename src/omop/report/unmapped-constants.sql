-- What is no code of a vocabulary and got no concept: it has no line in the concept map, or one whose concept is not standard, and says
-- which of the two. What is known to have none has a line that says so.

insert into mapping.unmapped by name
with used as (
    select 'encounter class' as role, visit_source_value as code, 'visit_occurrence' as cdm_table
    from cdm.visit_occurrence
    where visit_concept_id = 0
    union all
    select 'encounter class', visit_detail_source_value, 'visit_detail'
    from cdm.visit_detail
    where visit_detail_concept_id = 0
    union all
    select 'admit source', admitted_from_source_value, 'visit_occurrence'
    from cdm.visit_occurrence
    where admitted_from_concept_id = 0
    union all
    select 'discharge disposition', discharged_to_source_value, 'visit_occurrence'
    from cdm.visit_occurrence
    where discharged_to_concept_id = 0
    union all
    select 'gender', gender_source_value, 'person'
    from cdm.person
    where gender_concept_id = 0
    union all
    select 'race', unnest(string_split(race_source_value, ';')), 'person'
    from cdm.person
    where race_concept_id = 0
    union all
    select 'ethnicity', ethnicity_source_value, 'person'
    from cdm.person
    where ethnicity_concept_id = 0
    union all
    select 'condition status', condition_status_source_value, 'condition_occurrence'
    from cdm.condition_occurrence
    where condition_status_concept_id = 0
    union all
    select 'place of service', place_of_service_source_value, 'care_site'
    from cdm.care_site
    where place_of_service_concept_id = 0
    union all
    select 'country', upper(country_source_value), 'location'
    from cdm.location
    where country_concept_id = 0
)

select
    role,
    'concept-map.csv' as system,
    code,
    coalesce(known.name || ': no standard concept for it', 'has no line there') as display,
    count(*)::bigint as rows,
    list_sort(list(distinct cdm_table)) as tables
from used
left join mapping.concept_map known on known.key = role || ':' || code
where code is not null and known.name is distinct from 'none'
group by role, code, known.name;
