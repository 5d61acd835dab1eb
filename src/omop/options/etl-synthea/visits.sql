-- Option ruleset "etl-synthea": visits as ETL-Synthea rolls them up (its AllVisitTable, AAVITable and final_visit_ids), by days.
-- Stays in hospital with at most a day between them are one; encounters of one class outside of it that begin on one day are
-- one. What begins during a stay belongs to it, an emergency only from its second day on. Encounters of other classes are no
-- visits, and what happened at them has none.

create or replace temp table encounter_kind as
select
    source,
    resource_id,
    person_id,
    class,
    case
        when class in ('inpatient', 'IMP') then 'inpatient'
        when class in ('emergency', 'EMER') then 'emergency'
        when class in ('ambulatory', 'wellness', 'outpatient', 'AMB') then 'outpatient'
    end as kind,
    visit_start_date as start_date,
    coalesce(visit_end_date, visit_start_date) as end_date
from visit_row
where reason is null;

create or replace temp table rolled_up_visit as
with inpatient as (
    select
        *,
        max(end_date) over (
            partition by person_id
            order by start_date, end_date, resource_id
            rows between unbounded preceding and 1 preceding
        ) as reached
    from encounter_kind
    where kind = 'inpatient'
),

stay as (
    select
        *,
        count(*) filter (reached is null or start_date > reached + 1) over (
            partition by person_id
            order by start_date, end_date, resource_id
        ) as number
    from inpatient
)

select person_id, kind, null as class, min(start_date) as start_date, max(end_date) as end_date, min(resource_id) as first_id
from stay
group by person_id, kind, number
union all
select person_id, kind, class, start_date, max(end_date), min(resource_id)
from encounter_kind
where kind in ('emergency', 'outpatient')
group by person_id, kind, class, start_date;

-- The visit that each encounter belongs to: a stay before all others.
create or replace temp table visit_of_encounter as
select encounter.source, encounter.resource_id, visit.first_id, visit.start_date, visit.end_date
from encounter_kind encounter
join rolled_up_visit visit
    on visit.person_id = encounter.person_id
    and case
        when visit.kind <> 'inpatient' then visit.class = encounter.class and visit.start_date = encounter.start_date
        when encounter.kind = 'emergency' then encounter.start_date > visit.start_date and encounter.start_date <= visit.end_date
        else encounter.start_date between visit.start_date and visit.end_date
    end
where encounter.kind is not null
qualify row_number() over (
    partition by encounter.source, encounter.resource_id order by visit.kind <> 'inpatient', visit.first_id
) = 1;

-- The first encounter of a visit stands for it; the others are used through it.
update visit_row
set
    reason = case when found.first_id is null then 'VISIT_CLASS' when found.first_id <> visit_row.resource_id then 'REFERENCE' end,
    visit_start_date = found.start_date,
    visit_start_datetime = found.start_date,
    visit_end_date = found.end_date,
    visit_end_datetime = found.end_date,
    root_id = visit_row.resource_id,
    depth = 0
from (
    select encounter.source, encounter.resource_id, first_id, visit.start_date, visit.end_date
    from encounter_kind encounter
    left join visit_of_encounter visit using (source, resource_id)
) found
where found.source = visit_row.source and found.resource_id = visit_row.resource_id and visit_row.reason is null;

create or replace temp table visit_key as
select
    encounter.source,
    visit.person_id,
    encounter.resource_id as encounter_id,
    visit.visit_id as visit_occurrence_id,
    mapping.row_id('visit_detail', visit.source, visit.resource_type, visit.resource_id, 0, 0) as visit_detail_id,
    encounter.start_date as visit_start_date
from visit_of_encounter encounter
join visit_row visit on visit.source = encounter.source and visit.resource_id = encounter.first_id and visit.reason is null;
