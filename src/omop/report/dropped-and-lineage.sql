-- What became of every record: rows (lineage), no row (dropped), and the count of both by file.

create or replace temp view part_of_record as
select
    source, file_id, resource_type, resource_id, 0 as part,
    case when reason is distinct from 'NO_ID' then resource_id end as patient_id, reason
from person_row
union all
-- The death of a person, where it is known but not its date.
select
    source, file_id, resource_type, resource_id, 0, resource_id,
    case when death_date is null then 'NO_DEATH_DATE' else mapping.reason_for_no_date(death_date) end
from person_row
where reason is null and (deceased or death_date is not null) and mapping.first_day(death_date) is null
union all
select source, file_id, resource_type, resource_id, part, patient_id, reason from visit_row
union all
select source, file_id, resource_type, resource_id, part, patient_id, reason from event_row
union all
-- An end that cannot be read, of what is kept without it.
select source, file_id, resource_type, resource_id, part, patient_id, 'BAD_END'
from event_row
where reason is null and is_end_unread and target = 0
union all
select source, file_id, resource_type, resource_id, part, patient_id, 'BAD_END'
from visit_row
where reason is null and visit_end_date is null and mapping.reason_for_no_date(end_text) = 'BAD_DATE'
union all
select source, file_id, resource_type, resource_id, 0, patient_id, 'BAD_END'
from payer_plan_row
where reason is null and end_date is null and mapping.reason_for_no_date(end_text) = 'BAD_DATE'
union all
-- A visit or provider that a row of a CSV file names and that left no row. Records of FHIR also name visits that are only planned.
select lacking.source, file_id, resource_type, resource_id, part, patient_id, missing
from (
    select
        source, file_id, resource_type, resource_id, part, patient_id,
        unnest([case when lacks_visit then 'NO_VISIT' end, case when lacks_provider then 'NO_PROVIDER' end]) as missing
    from event_row
    where reason is null and target = 0 and (lacks_visit or lacks_provider)
    union all
    select
        source, file_id, resource_type, resource_id, part, patient_id,
        unnest([case when lacks_visit then 'NO_VISIT' end, case when lacks_provider then 'NO_PROVIDER' end])
    from note_row
    where reason is null and (lacks_visit or lacks_provider)
    union all
    select source, file_id, resource_type, resource_id, part, patient_id, 'NO_PROVIDER'
    from visit_row
    where reason is null and part = 0 and lacks_provider
) lacking
semi join meta.csv_mapping csv on csv.source = lacking.source and csv.file = lacking.resource_type
where missing is not null
union all
select source, file_id, resource_type, resource_id, part, patient_id, reason from note_row
union all
select source, file_id, resource_type, resource_id, 0, null, reason from provider_row
union all
select source, file_id, resource_type, resource_id, 0, null, reason from care_site_row
union all
select source, file_id, resource_type, resource_id, 0, patient_id, reason from payer_plan_row
union all
select source, file_id, resource_type, resource_id, part, patient_id, reason from cost_row;

-- What several rows are about is counted with each of them.
create or replace temp view record_part as
select
    part.source,
    coalesce(line.file_id, part.file_id) as file_id,
    part.resource_type,
    coalesce(line.row_id, part.resource_id) as resource_id,
    part.part,
    part.patient_id,
    part.reason
from part_of_record part
left join extracted_row line
    on line.source = part.source and line.resource_type = part.resource_type and line.resource_id = part.resource_id;

-- A record is mapped when any part of it left a row. A file is of one source.
create or replace temp table record_fate as
select
    file_id,
    resource_type,
    resource_id,
    bool_or(reason is null) as mapped,
    coalesce(bool_or(reason = 'REFERENCE'), false) as used_by_others
from record_part
group by all;

delete from mapping.dropped;

insert into mapping.dropped
select
    part.source,
    part.file_id,
    part.resource_type,
    part.resource_id,
    part.part,
    part.reason,
    not fate.mapped and row_number() over (
        partition by part.file_id, part.resource_type, part.resource_id
        -- What is wrong with one part of a record may only follow from what is wrong with another.
        order by part.part, part.reason in ('NO_PERSON', 'NO_COST_EVENT'), part.reason
    ) = 1,
    part.patient_id
from record_part part
join record_fate fate using (file_id, resource_type, resource_id)
where part.reason <> 'REFERENCE'
    -- A panel whose value lies in its components is no loss when one of them left a row, nor a report whose text did.
    and not (part.reason in ('PANEL_WITHOUT_VALUE', 'REPORT_WITHOUT_TEXT') and fate.mapped);

delete from mapping.lineage;

insert into mapping.lineage
select 'person', person_id, source, file_id, resource_type, resource_id, 0, 0, mapping.made_up(birth_date)
from person_row where reason is null
union all
select 'death', person_id, source, file_id, resource_type, resource_id, 0, 0, mapping.made_up(death_date)
from person_row where reason is null and mapping.first_day(death_date) is not null
union all
select 'location', address.location_id, person.source, file_id, resource_type, resource_id, 0, 0, null
from person_row person
join address_row address on address.source = person.source and address.address_key = person.address_key
where reason is null
union all
select 'location', address.location_id, site.source, file_id, resource_type, resource_id, 0, 0, null
from care_site_row site
join address_row address on address.source = site.source and address.address_key = site.address_key
where reason is null
union all
select
    case when depth > 0 then 'visit_detail' else 'visit_occurrence' end, visit_id, source, file_id, resource_type, resource_id, part, 0,
    nullif(concat_ws(
        ', ',
        mapping.made_up(start_text),
        case
            when visit.end_taken_from is not null then 'end from ' || visit.end_taken_from
            when visit.visit_end_date is not null then 'end ' || mapping.made_up(end_text)
            when filled.visit_end_date > visit.visit_start_date then 'end from last event'
            else 'end from start'
        end
    ), '')
from visit_row visit
left join (
    select visit_occurrence_id, visit_end_date
    from cdm.visit_occurrence
    where visit_occurrence_id in (select visit_id from visit_row where visit_end_date is null)
) filled
    on filled.visit_occurrence_id = visit.visit_id
where visit.reason is null
union all
select
    cdm_table, cdm_id, source, file_id, resource_type, resource_id, part, target,
    case
        when cdm_table = 'drug_exposure'
            and mapping.known_end_of_exposure(start_date, verbatim_end_date, days_supply, end_date) is null
        then concat_ws(', ', imputed, case when default_days > 1 then 'end after ' || default_days || ' days' else 'end from start' end)
        else imputed
    end
from event_row where reason is null
union all
select 'note', note_id, source, file_id, resource_type, resource_id, part, 0, imputed
from note_row where reason is null
union all
select 'provider', provider_id, source, file_id, resource_type, resource_id, 0, 0, null
from provider_row where reason is null
union all
select 'care_site', care_site_id, source, file_id, resource_type, resource_id, 0, 0, null
from care_site_row where reason is null
union all
select
    'payer_plan_period', payer_plan_period_id, source, file_id, resource_type, resource_id, 0, 0,
    coalesce(mapping.made_up(start_text), case when end_date is null then 'end from last event' end)
from payer_plan_row where reason is null
union all
select 'cost', cost_id, source, file_id, resource_type, resource_id, part, 0, null
from cost_row where reason is null;

delete from mapping.file_fate;

insert into mapping.file_fate
select
    file_id,
    resource_type,
    count(*) filter (mapped),
    count(*) filter (not mapped and used_by_others),
    count(*) filter (not mapped and not used_by_others)
from record_fate
group by all;

delete from mapping.code_use;

insert into mapping.code_use by name
with coded as (
    select person_id, role, code_key, target, cdm_table from event_row where reason is null and code_key is not null
    union all
    select person_id, 'value', value_key, 0, cdm_table from event_row where reason is null and value_key is not null
    union all
    select person_id, 'unit', unit_key, 0, cdm_table from event_row where reason is null and unit_key is not null
    union all
    select person_id, 'route', route_key, 0, cdm_table from event_row where reason is null and route_key is not null
    union all
    select person_id, 'anatomic site', anatomic_site_key, 0, cdm_table
    from event_row
    where anatomic_site_key is not null and cdm_table in ('specimen', 'observation')
    union all
    select 0, 'specialty', specialty_key, 0, 'provider' from provider_row where reason is null and specialty_key is not null
    union all
    select person_id, 'payer', payer_key, 0, 'payer_plan_period'
    from payer_plan_row
    where reason is null and payer_key is not null
    union all
    select person_id, 'note class', class_key, 0, 'note' from note_row where reason is null and class_key is not null
)

select person_id, role, code_key, target, cdm_table, count(*) as rows
from coded
group by all;
