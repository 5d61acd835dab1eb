-- A patient may be named by an identifier: by a search (Patient?identifier=system|value), or by an identifier in place of a
-- reference. Such references become 'Patient/identifier-…', with a hash of what was said, and the identifiers of patients are kept as
-- such hashes: with their system, and by their value alone.

delete from meta.patient_identifier where file_id in (select file_id from landing_file);

insert into meta.patient_identifier
select distinct landing_source, file_id, landing.name_by_identifier(unnest([concat_ws('|', system, value), value])), id
from (
    select landing_source, file_id, id, identifier ->> '$.system' as system, identifier ->> '$.value' as value
    from (
        select
            landing_source,
            file_id,
            coalesce(nullif(resource ->> '$.id', ''), landing.reference_id(full_url), md5(json(resource))) as id,
            unnest(json_extract(resource, '$.identifier[*]')) as identifier
        from staged_resource
        where resource_type = 'Patient'
    )
)
where value <> '';

update staged_resource
set resource = json_merge_patch(
    staged_resource.resource, json_object(named.member, json_object('reference', 'Patient/' || named.name))
)
from (
    select
        row_number,
        member,
        landing.name_by_identifier(case
            when reference is not null then url_decode(regexp_extract(reference, '^(?:.*/)?Patient\?identifier=([^&]+)$', 1))
            when type = 'Patient' and value <> '' then concat_ws('|', system, value)
        end) as name
    from (
        select
            staged_resource.rowid as row_number,
            member,
            resource ->> ('$.' || member || '.reference') as reference,
            coalesce(resource ->> ('$.' || member || '.type'), 'Patient') as type,
            resource ->> ('$.' || member || '.identifier.system') as system,
            resource ->> ('$.' || member || '.identifier.value') as value
        from staged_resource
        cross join (select unnest({{members}}) as member)
        where resource is not null
    )
) named
where named.row_number = staged_resource.rowid and named.name is not null;
