-- Practitioner, with its latest active PractitionerRole → provider. Rules: docs/mapping.md#practitioner.

with named as (
    select *, mapping.names_of('Practitioner', id, identifier) as names
    from landing.practitioner
),

role as (
    select
        landing_source,
        practitioner_name,
        flatten(list(mapping.names_of('PractitionerRole', id, null))) as names,
        arg_max(
            struct_pack(specialty := coalesce(specialty[1], code[1]), care_site := care_site),
            (coalesce(active, true), coalesce(start, ''), id)
        ) as latest
    from (
        select
            *,
            period.start as start,
            coalesce(
                landing.canonical_reference(practitioner.reference),
                mapping.name_by_identifier('Practitioner', practitioner.identifier)
            ) as practitioner_name,
            coalesce(
                landing.canonical_reference(organization.reference),
                mapping.name_by_identifier('Organization', organization.identifier),
                landing.canonical_reference(location[1].reference),
                mapping.name_by_identifier('Location', location[1].identifier)
            ) as care_site
        from landing.practitioner_role
    )
    group by landing_source, practitioner_name
),

role_of_practitioner as (
    select name.landing_source, name.id, any_value(role.latest) as latest, any_value(role.names) as names
    from (select landing_source, id, unnest(names) as name from named) name
    join role on role.landing_source = name.landing_source and role.practitioner_name = name.name
    group by all
)

select
    named.landing_source as source,
    named.landing_file as file_id,
    'Practitioner' as resource_type,
    named.id as resource_id,
    case when mapping.is_modified(named."modifierExtension") then 'MODIFIER_EXTENSION' end as refused,
    named.gender,
    named."birthDate" as birth_date,
    role.latest.specialty as specialty,
    role.latest.care_site as care_site,
    list_concat(named.names, role.names) as names
from named
left join role_of_practitioner role on role.landing_source = named.landing_source and role.id = named.id
