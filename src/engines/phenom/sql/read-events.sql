insert into {{job}}.source_file
select {{file_number}}, {{object_type}}, {{file}}, coalesce(max(rowid) + 1, 0)
from {{job}}.event_row;

insert into {{job}}.event_row
select
    {{kind}} as kind,
    patient_id,
    day,
    code,
    code_type,
    {{file_number}} as file_number,
    case
        when coalesce(patient_id, '') = '' then 'patient_id is missing'
        when try_cast(day as date)::varchar is distinct from day or day is null then {{day_fault}}
        when coalesce(code, '') = '' then {{code_fault}}
        when coalesce(code_type, '') = '' then {{code_type_fault}}
    end as fault
from (
    select {{patient_id}} as patient_id, {{day}} as day, {{code}} as code, {{code_type}} as code_type
    from {{csv}}
);
