-- Every code in use, once: resolving is done on these few, not on the rows that carry them.

create or replace temp table code_in_use as
with event_code as materialized (
    select role, code, value_code, unit, route, anatomic_site from extracted_event
)

select role, hash(code) as code_key, any_value(code) as code
from event_code
where len(code.coding) > 0 or code.text <> ''
group by all
union all
select 'value', hash(value_code), any_value(value_code)
from event_code
where value_code is not null
group by all
union all
select 'unit', hash(unit), {'coding': [any_value(unit)], 'text': any_value(unit.display)}
from event_code
where unit is not null
group by all
union all
select 'route', hash(route), any_value(route)
from event_code
where route is not null
group by all
union all
select 'anatomic site', hash(anatomic_site), any_value(anatomic_site)
from event_code
where anatomic_site is not null
group by all
union all
select 'visit', hash(type), any_value(type)
from extracted_visit
where type is not null
group by all
union all
select 'specialty', hash(specialty), any_value(specialty)
from extracted_provider
where specialty is not null
group by all
union all
select 'note class', hash(class), any_value(class)
from extracted_note
where class is not null
group by all
union all
select 'payer', hash(payer), any_value(payer)
from extracted_payer_plan
where payer is not null
group by all
union all
select 'currency', hash(mapping.currency_code(currency)), any_value(mapping.currency_code(currency))
from extracted_cost
where currency is not null
group by all;
