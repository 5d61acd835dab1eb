-- By what the CDM was made. When it was made says cdm_source, so that these rows are the same whenever the same is mapped.

insert into cdm.metadata by name
select
    mapping.row_id('metadata', '', '', said.name, 0, 0) as metadata_id,
    0 as metadata_concept_id,
    type.concept_id as metadata_type_concept_id,
    said.name,
    said.value_as_string
from (
    values
        ('software', 'omopipe ' || {{software_version}}),
        ('FHIR to OMOP guide', '2.0.0-ballot'),
        ('vocabulary', {{vocabulary_version}}),
        ('options', {{options_hash}})
) said (name, value_as_string)
join mapping.concept_map type on type.key = 'type:standard algorithm';
