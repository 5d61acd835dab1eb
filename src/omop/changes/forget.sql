-- All that the patients in question left in the CDM and in the books of the mapping goes, and what belongs to no person.

create or replace temp table gone_row as
{{rows_of_persons}};

insert into gone_row
select 'cost', cost_id
from cdm.cost
join mapping.concept_map domain on domain.name = cost.cost_domain_id and domain.key like 'domain:%'
join gone_row event on 'domain:' || event.cdm_table = domain.key and event.cdm_id = cost.cost_event_id;

delete from cdm.cost where cost_id in (select cdm_id from gone_row where cdm_table = 'cost');

delete from cdm.fact_relationship
where (domain_concept_id_1, fact_id_1) in (
    select (domain.concept_id, gone.cdm_id)
    from gone_row gone
    join mapping.concept_map domain on domain.key = 'domain:' || gone.cdm_table
);

delete from mapping.lineage
where (cdm_table, cdm_id) in (select (cdm_table, cdm_id) from gone_row)
    or cdm_table in ('provider', 'care_site')
    or (
        cdm_table = 'location'
        and (source, resource_type, resource_id) not in (
            select (source, resource_type, resource_id)
            from mapping.lineage
            where cdm_table = 'person' and cdm_id not in (select person_id from {{beside}}.meta.touched_person)
        )
    );

delete from mapping.dropped
where patient_id is null or (source, patient_id) in (select (source, patient_id) from {{beside}}.meta.touched_patient);

delete from mapping.code_use
where person_id = 0 or person_id in (select person_id from {{beside}}.meta.touched_person);

delete from mapping.text_cut
where (person_id = 0 and cdm_table <> 'location') or person_id in (select person_id from {{beside}}.meta.touched_person);

delete from cdm.provider;
delete from cdm.care_site;

drop table gone_row;
