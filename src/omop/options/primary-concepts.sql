-- Option concepts "primary": the code of a record alone becomes a concept. All that is said beside it (sex, class of a visit,
-- value, unit, route …) keeps its source value, with concept 0. Types and comparators are no source codes and stay.

update code_mapping
set source_concept_id = 0, concept_id = 0, status = 'LEFT_OUT'
from code_role
where code_role.role = code_mapping.role and not code_role.several;

update code_mapping
set value_concept_id = 0
where value_concept_id is not null;

update concept_map
set concept_id = 0
where split_part(key, ':', 1) in (
    'gender', 'race', 'ethnicity', 'country', 'encounter class', 'admit source', 'discharge disposition', 'place of service',
    'condition status', 'boolean', 'qualifier'
);
