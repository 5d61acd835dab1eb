-- The entries of some of the histories that have changed, by person: of an integer DuckDB makes an order in half the time that a
-- bigint takes.

insert into features.history_event by name
select person_id, code_id, day, abnormal
from coded_event
join changed_person using (person_id)
where person_id between {{first}} and {{last}} and code_id is not null
order by place;
