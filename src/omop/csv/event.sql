-- Rows of a CSV file as events of one kind. The id of a row is made of its content, where the mapping names none.

select
    landing_source as source,
    landing_file as file_id,
    {{file}} as resource_type,
    coalesce(id, landing_row) as resource_id,
    {{part}} as part,
    person as patient_id,
    visit as encounter_id,
    'Practitioner/' || provider as provider,
    mapping.number_of({{with_point}}(value)) as value_number,
    {{natural_table}} as natural_table,
    {{role}} as role,
    mapping.concept_of(system, code, display) as code,
    {{said}} as concept_constant,
    start as start_text,
    {{start_from_visit}} as start_from_visit,
    {{end_text}} as end_text,
    {{type}} as type,
    status as condition_status,
    stop_reason,
    mapping.comparator_of({{with_point}}(value)) as comparator,
    value as value_text,
    case when value_system is not null then mapping.concept_of(value_system, value, null) end as value_code,
    case
        when unit is not null
        then {'system': 'http://unitsofmeasure.org', 'code': mapping.unit_meant_by(unit), 'display': unit, 'userSelected': null}::landing.coding
    end as unit,
    mapping.number_of({{with_point}}(range_low)) as range_low,
    mapping.number_of({{with_point}}(range_high)) as range_high,
    mapping.number_of({{with_point}}(quantity)) as quantity,
    mapping.days_of(mapping.number_of({{with_point}}(days_supply)), 'd') as days_supply,
    case when {{type}} = 'EHR prescription' then 30 end as default_days,
    try_cast(mapping.number_of({{with_point}}(refills)) as integer) as refills,
    sig,
    case when route is not null then mapping.concept_of(route_system, route, null) end as route,
    lot_number,
    qualifier,
    unique_device_id,
    production_id,
    case when anatomic_site is not null then mapping.concept_of(anatomic_site_system, anatomic_site, null) end as anatomic_site
from (
    select * {{measured}}
    from (
        {{values}}
    )
    where {{measured_when}}
)
