-- Every code in use, once: resolving is done on these few, not on the rows that carry them. An empty code is none, and must not
-- be one here: its hash is that of NULL, which all events without code have.

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
where len(value_code.coding) > 0 or value_code.text <> ''
group by all
union all
select 'unit', hash(unit), {'coding': [any_value(unit)], 'text': any_value(unit.display)}
from event_code
where unit is not null
group by all
union all
select 'route', hash(route), any_value(route)
from event_code
where len(route.coding) > 0 or route.text <> ''
group by all
union all
select 'anatomic site', hash(anatomic_site), any_value(anatomic_site)
from event_code
where len(anatomic_site.coding) > 0 or anatomic_site.text <> ''
group by all
union all
select 'visit', hash(type), any_value(type)
from extracted_visit
where len(type.coding) > 0 or type.text <> ''
group by all
union all
select 'specialty', hash(specialty), any_value(specialty)
from extracted_provider
where len(specialty.coding) > 0 or specialty.text <> ''
group by all
union all
select 'note class', hash(class), any_value(class)
from extracted_note
where len(class.coding) > 0 or class.text <> ''
group by all
union all
select 'payer', hash(payer), any_value(payer)
from extracted_payer_plan
where len(payer.coding) > 0 or payer.text <> ''
group by all
union all
select 'currency', hash(mapping.currency_code(currency)), any_value(mapping.currency_code(currency))
from extracted_cost
where currency is not null
group by all;
