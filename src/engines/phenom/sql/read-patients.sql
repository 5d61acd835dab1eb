insert into {{job}}.source_file
select {{file_number}}, {{object_type}}, {{file}}, coalesce(max(rowid) + 1, 0)
from {{job}}.patient_row;

insert into {{job}}.patient_row
select
    patient_id,
    birth_date,
    sex,
    zip3,
    {{file_number}} as file_number,
    case
        when coalesce(patient_id, '') = '' then 'patient_id is missing'
        when length(patient_id) > 100 then 'patient_id is longer than 100 characters'
        when try_cast(birth_date as date)::varchar is distinct from birth_date or birth_date is null
            then 'birth_date is no day (YYYY-MM-DD)'
        when coalesce(sex, '') not in ('M', 'F', 'U') then 'sex is not M, F or U'
        when coalesce(length(zip3), 0) not between 3 and 5 then 'zip3 has not 3 to 5 characters'
    end as fault
from (
    select {{patient_id}} as patient_id, {{birth_date}} as birth_date, {{sex}} as sex, {{zip3}} as zip3
    from {{csv}}
);
