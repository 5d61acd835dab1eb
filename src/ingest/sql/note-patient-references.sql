-- The records of one type that name their patient by an identifier, as they came in this landing.

delete from meta.patient_reference
where resource_type = {{resource_type}}
    and (source, resource_id) in (
        select (landing_source, id) from {{table}} where landing_file in (select file_id from landing_file)
    );

insert into meta.patient_reference
select landing_source, {{resource_type}}, id, landing.reference_to({{reference}}, 'Patient')
from {{table}}
where landing_file in (select file_id from landing_file) and starts_with({{reference}}, 'Patient/identifier-');
