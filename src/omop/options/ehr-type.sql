-- Option typeConcept "ehr": every row has the type EHR, however its data came into being.

update concept_map
set concept_id = ehr.concept_id, name = ehr.name
from (from concept_map where key = 'type:EHR') ehr
where concept_map.key like 'type:%';
