-- How records name their visit: one that is part of another by the visit it belongs to, and as its detail. A visit of another
-- person is not that of a record.
create or replace temp table visit_key as
select
    visit.source,
    visit.person_id,
    visit.resource_id as encounter_id,
    root.visit_id as visit_occurrence_id,
    case when visit.depth > 0 then visit.visit_id end as visit_detail_id,
    visit.visit_start_date
from visit_row visit
join visit_row root
    on root.source = visit.source and root.resource_id = visit.root_id and root.part = 0 and root.reason is null
where visit.reason is null and visit.part = 0;
