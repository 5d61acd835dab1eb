-- Visits with their persons, dates and ids, and why some are not taken. Rules: docs/mapping.md#encounter.

create or replace temp table visit_row as
select
    visit.* exclude (refused),
    person.person_id,
    mapping.row_id('visit_occurrence', visit.source, visit.resource_type, visit.resource_id, 0, 0) as visit_occurrence_id,
    mapping.first_day(visit.start_text) as visit_start_date,
    mapping.wall_clock(visit.start_text) as visit_start_datetime,
    mapping.first_day(visit.end_text) as visit_end_date,
    mapping.wall_clock(visit.end_text) as visit_end_datetime,
    coalesce(
        visit.refused,
        case
            when visit.patient_id is null then 'NO_SUBJECT'
            when person.person_id is null then 'NO_PERSON'
            when mapping.first_day(visit.start_text) is null then 'NO_DATE'
            -- One visit of one source, given both as FHIR and as CSV: the first that is taken counts.
            when row_number() over (
                partition by visit.source, visit.resource_id
                order by
                    visit.refused is not null or person.person_id is null or mapping.first_day(visit.start_text) is null,
                    visit.resource_type
            ) > 1 then 'DUPLICATE'
        end
    ) as reason
from extracted_visit visit
left join person_key person on person.source = visit.source and person.patient_id = visit.patient_id;
