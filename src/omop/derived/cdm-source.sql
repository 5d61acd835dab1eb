insert into cdm.cdm_source by name
select
    {{source_name}} as cdm_source_name,
    {{source_name}}[1:25] as cdm_source_abbreviation,
    'not stated' as cdm_holder,
    'Mapped by omopipe ' || {{software_version}} as source_description,
    coalesce(
        (select max(loaded_at)::date from meta.file),
        date '1970-01-01'
    ) as source_release_date,
    coalesce(
        (select max(loaded_at)::date from meta.file),
        date '1970-01-01'
    ) as cdm_release_date,
    '5.4' as cdm_version,
    (select concept_id from mapping.concept_map where key = 'cdm:version 5.4') as cdm_version_concept_id,
    {{vocabulary_version}} as vocabulary_version;
