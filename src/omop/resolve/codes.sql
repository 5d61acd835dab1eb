-- Every code in use, once: resolving is done on these few, not on the rows that carry them. And which vocabulary each code
-- system is.

create or replace temp table code_system as
select
    mapping.canonical_uri(uri) as uri,
    vocabulary_id,
    preference
from read_csv({{code_systems}}, header => true, columns => {
    'uri': 'varchar', 'preference': 'integer', 'vocabulary_id': 'varchar'
});

create or replace temp table code_in_use as
select role, hash(code) as code_key, any_value(code) as code
from extracted_event
where len(code.coding) > 0 or code.text <> ''
group by all
union all
select 'value', hash(value_code), any_value(value_code)
from extracted_event
where value_code is not null
group by all
union all
select 'unit', hash(unit), {'coding': [any_value(unit)], 'text': any_value(unit.display)}
from extracted_event
where unit is not null
group by all
union all
select 'route', hash(route), any_value(route)
from extracted_event
where route is not null
group by all;
