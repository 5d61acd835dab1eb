-- Records of one type that name their patient by an identifier, and which patient that is now. An identifier that several patients
-- have names none.

create or replace temp table renamed_patient as
select record.rowid as row_number, record.landing_file, 'Patient/' || coalesce(known.patient_id, named.name) as reference
from {{table}} record
join meta.patient_reference named
    on named.resource_type = {{resource_type}} and named.source = record.landing_source and named.resource_id = record.id
left join (
    select source, name, min(patient_id) as patient_id
    from meta.patient_identifier
    group by source, name
    having count(distinct patient_id) = 1
) known on known.source = named.source and known.name = named.name
where {{reference}} <> 'Patient/' || coalesce(known.patient_id, named.name);
