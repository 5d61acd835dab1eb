-- The age-adjusted Charlson index of each patient, by the same rules as for a single patient
-- (src/engines/charlson/charlson-index.ts).

create table {{job}}.patient_checked as
select
    * replace (coalesce(fault, case when nth > 1 then 'an earlier row has this patient already' end) as fault)
from (
    select *, rowid as place, row_number() over (partition by patient_id, fault is null order by rowid) as nth
    from {{job}}.patient_row
);

create table {{job}}.patient as
select patient_id, birth_date
from {{job}}.patient_checked
where fault is null;

create table {{job}}.error as
select
    row_number() over (order by file_number, file_row) as position,
    object_type,
    file,
    file_row,
    fault
from (
    select file_number, place - first_row + 1 as file_row, fault
    from {{job}}.patient_checked
    join {{job}}.source_file using (file_number)
    where fault is not null
    union all
    select file_number, event_row.rowid - first_row + 1,
        coalesce(fault, 'no usable row of a patients file has this patient')
    from {{job}}.event_row
    join {{job}}.source_file using (file_number)
    where fault is not null or patient_id not in (select patient_id from {{job}}.patient)
    union all
    from {{job}}.unreadable_row
)
join {{job}}.source_file using (file_number);

create table {{job}}.latest_day as
select patient_id, max(day) as day
from {{job}}.event_row
where fault is null
group by patient_id;

create table {{job}}.patient_group as
select distinct patient_id, charlson_group
from {{job}}.event_row
join {{job}}.diagnosis_group using (code, code_type)
where kind = 'diagnoses' and fault is null;

create table {{job}}.comorbidity as
select patient_id, sum(points)::integer as points
from {{job}}.patient_group
join {{job}}.group_weight using (charlson_group)
where (patient_id, charlson_group) not in (
    select (heavier.patient_id, group_hierarchy.lighter)
    from {{job}}.patient_group heavier
    join {{job}}.group_hierarchy on group_hierarchy.heavier = heavier.charlson_group
)
group by patient_id;

create table {{job}}.assessed as
select
    patient_id,
    age,
    least(4, greatest(0, age // 10 - 4)) + coalesce(points, 0) as index
from (
    select
        patient.patient_id,
        -- Text against text: a birthday that was not yet in that year takes one off.
        left(latest_day.day, 4)::integer - left(patient.birth_date, 4)::integer
            - (latest_day.day[6:] < patient.birth_date[6:])::integer as age
    from {{job}}.patient
    left join {{job}}.latest_day using (patient_id)
)
left join {{job}}.comorbidity using (patient_id);

create table {{job}}.scored as
select row_number() over (order by patient_id) as position, patient_id, index
from {{job}}.assessed
where age >= 0;

create table {{job}}.exclusion as
select
    row_number() over (order by patient_id) as position,
    patient_id,
    case when age is null then 'insufficient_history' else 'demographic_ineligible' end as reason
from {{job}}.assessed
where age is null or age < 0;

create table {{job}}.metrics as
select
    (select count(*) from {{job}}.event_row) as records,
    (select count(*) from {{job}}.scored) as scored,
    (select count(*) from {{job}}.error) as errors,
    (select count(*) from {{job}}.exclusion where reason = 'insufficient_history') as insufficient_history,
    (select count(*) from {{job}}.exclusion where reason = 'demographic_ineligible') as demographic_ineligible;

drop table {{job}}.patient_row;
drop table {{job}}.patient_checked;
drop table {{job}}.event_row;
drop table {{job}}.latest_day;
drop table {{job}}.patient_group;
drop table {{job}}.comorbidity;
