-- Rows of a CSV file as events of one kind. The id of a row is made of its content.

select
    landing_source as source,
    landing_file as file_id,
    {{file}} as resource_type,
    landing_row as resource_id,
    {{part}} as part,
    person as patient_id,
    visit as encounter_id,
    {{natural_table}} as natural_table,
    {{role}} as role,
    {
        'coding': case when code is null then [] else [{'system': system, 'code': code, 'display': display, 'userSelected': null}] end,
        'text': display
    }::landing.codeable_concept as code,
    start_text,
    {{start_from_visit}} as start_from_visit,
    {{end_text}} as end_text,
    {{type}} as type,
    mapping.number_of(value) as value_number,
    mapping.comparator_of(value) as comparator,
    value as value_text,
    case
        when unit is not null
        then {'system': 'http://unitsofmeasure.org', 'code': unit, 'display': unit, 'userSelected': null}::landing.coding
    end as unit,
    mapping.number_of(range_low) as range_low,
    mapping.number_of(range_high) as range_high,
    mapping.number_of(quantity) as quantity,
    mapping.days_of(mapping.number_of(days_supply), 'd') as days_supply,
    case when {{type}} = 'EHR prescription' then 30 end as default_days,
    try_cast(mapping.number_of(refills) as integer) as refills,
    sig,
    lot_number
from (
    select
        landing_source,
        landing_file,
        landing_row,
        {{person}} as person,
        {{visit}} as visit,
        {{system}} as system,
        {{code}} as code,
        {{display}} as display,
        {{start}} as start_text,
        {{end}} as end_text,
        {{category}} as category,
        {{value}} as value,
        {{unit}} as unit,
        {{rangeLow}} as range_low,
        {{rangeHigh}} as range_high,
        {{quantity}} as quantity,
        {{daysSupply}} as days_supply,
        {{refills}} as refills,
        {{sig}} as sig,
        {{lotNumber}} as lot_number
    from {{table}} line
    where line.landing_source = {{source}} and {{when}}
)
