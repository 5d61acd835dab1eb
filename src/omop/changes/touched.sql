-- Whose records are mapped again: the patients whose own records changed, and those whose records name one that did and is of no
-- patient itself, such as a medication.

create table meta.touched_patient as
select distinct source, patient_id
from (
    select source, patient_id from {{warehouse}}.meta.change where resource_id is null and patient_id is not null
    union all
    {{naming_changed}}
)
where patient_id is not null;

create table meta.touched_person as
select cdm_id as person_id
from {{warehouse}}.mapping.lineage
where cdm_table = 'person'
    and (source, resource_id) in (select (source, patient_id) from meta.touched_patient);
