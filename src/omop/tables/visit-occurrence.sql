-- A visit without end is over as it began; a stay in hospital lasts to the last thing that began in it. The type says more
-- than the class where its concept is a visit. Rules: docs/mapping.md#encounter.

insert into cdm.visit_occurrence by name
with begun as (
    select visit_occurrence_id, max(start_date) as last_day
    from event_row
    where reason is null
        and visit_occurrence_id in (select visit_id from visit_row where visit_end_date is null)
    group by visit_occurrence_id
),

inpatient_class as (
    select name from mapping.concept_map where key in ('encounter class:IMP', 'encounter class:EMER and IMP')
),

visit as (
    select
        visit.*,
        class.concept_id as class_concept_id,
        coalesce(
            visit.visit_end_date,
            case when class.name in (from inpatient_class) then greatest(begun.last_day, visit.visit_start_date) end,
            visit.visit_start_date
        ) as last_day
    from visit_row visit
    left join mapping.concept_map class on class.key = 'encounter class:' || coalesce(visit.concept_class, visit.class)
    left join begun on begun.visit_occurrence_id = visit.visit_id
    where visit.reason is null and visit.depth = 0
)

select
    visit.visit_id as visit_occurrence_id,
    visit.person_id,
    coalesce(visit.type_concept_id, visit.class_concept_id, 0) as visit_concept_id,
    visit.visit_start_date,
    visit.visit_start_datetime,
    visit.last_day as visit_end_date,
    coalesce(
        visit.visit_end_datetime,
        case when visit.visit_end_date is null and visit.last_day = visit.visit_start_date then visit.visit_start_datetime end
    ) as visit_end_datetime,
    type.concept_id as visit_type_concept_id,
    visit.provider_id,
    visit.care_site_id,
    coalesce(visit.class, visit.type_source_value) as visit_source_value,
    0 as visit_source_concept_id,
    coalesce(admitted.concept_id, case when visit.admitted_from is not null then 0 end) as admitted_from_concept_id,
    visit.admitted_from as admitted_from_source_value,
    coalesce(discharged.concept_id, case when visit.discharged_to is not null then 0 end) as discharged_to_concept_id,
    visit.discharged_to as discharged_to_source_value,
    lag(visit.visit_id) over (
        partition by visit.person_id order by visit.visit_start_date, visit.visit_start_datetime, visit.visit_id
    ) as preceding_visit_occurrence_id
from visit
left join mapping.concept_map admitted on admitted.key = 'admit source:' || visit.admitted_from
left join mapping.concept_map discharged on discharged.key = 'discharge disposition:' || visit.discharged_to
join mapping.concept_map type on type.key = 'type:EHR encounter record';
