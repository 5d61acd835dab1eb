-- Patient → person, location, death. Rules: docs/mapping.md#patient; US Core race, ethnicity and birth sex extensions.

select
    landing_source as source,
    landing_file as file_id,
    'Patient' as resource_type,
    id as resource_id,
    case when mapping.is_modified("modifierExtension") then 'MODIFIER_EXTENSION' end as refused,
    coalesce(
        list_filter(extension, lambda x: x.url = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex' and x."valueCode" in ('M', 'F'))[1]."valueCode",
        list_filter(sexes, lambda x: x in ('248152002', '248153007'))[1], -- SNOMED: female, male
        gender
    ) as gender,
    "birthDate" as birth_date,
    mapping.wall_clock(
        list_filter("_birthDate".extension, lambda x: x.url = 'http://hl7.org/fhir/StructureDefinition/patient-birthTime')[1]."valueDateTime"
    ) as birth_datetime,
    case when len(race_categories) > 0 then race_categories else race_details end as races,
    "deceasedBoolean" as deceased,
    list_filter(
        flatten(list_transform(
            list_filter(extension, lambda x: x.url = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity'),
            lambda x: x.extension
        )),
        lambda x: x.url = 'ombCategory'
    )[1]."valueCoding".code as ethnicity,
    home.line[1] as address_line_1,
    home.line[2] as address_line_2,
    home.city as city,
    home.district as county,
    home.state as state,
    home."postalCode" as zip,
    home.country as country,
    "deceasedDateTime" as death_date,
    landing.canonical_reference("generalPractitioner"[1].reference) as provider,
    landing.canonical_reference("managingOrganization".reference) as care_site
from (
    select
        *,
        coalesce(list_filter(places, lambda x: x.use = 'home')[1], places[1]) as home,
        list_transform(
            list_filter(extension, lambda x: x.url in (
                'http://hl7.org/fhir/us/core/StructureDefinition/us-core-individual-sex',
                'http://hl7.org/fhir/us/core/StructureDefinition/us-core-sex'
            )),
            lambda x: coalesce(x."valueCoding".code, x."valueCode")
        ) as sexes,
        list_transform(list_filter(race, lambda x: x.url = 'ombCategory'), lambda x: x."valueCoding".code) as race_categories,
        list_transform(list_filter(race, lambda x: x.url = 'detailed'), lambda x: x."valueCoding".code) as race_details
    from (
        select
            *,
            flatten(list_transform(
                list_filter(extension, lambda x: x.url = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-race'),
                lambda x: x.extension
            )) as race,
            list_filter(
                address, lambda x: x.use is distinct from 'old'
                    and coalesce(x.line[1], x.city, x.state, x."postalCode", x.country) is not null
            ) as places
        from landing.patient
    )
)
