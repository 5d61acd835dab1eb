-- The one code of each event, and the events with it. An event without is counted, not guessed.

create or replace temp table chosen_code as
select
    kind, concept_id, source_concept_id, source_value, code_type,
    case
        when code_type not in ('ICD10', 'ICD9') or kind not in ('diagnoses', 'procedures') then code
        else {{icd_code}}
    end as code
from (
    select code_candidate.*
    from code_candidate
    left join preference using (kind, code_type)
    where distance = 0 or rank is not null
    qualify row_number() over (
        partition by kind, concept_id, source_concept_id, source_value
        order by case when distance = 0 then 0 else rank end, distance, code_type, code
    ) = 1
);

insert into features.history_code by name
select
    coalesce((select max(code_id) from features.history_code), 0) + row_number() over (order by kind, code_type, code)
        as code_id,
    kind, code, code_type
from (select distinct kind, code, code_type from chosen_code)
anti join features.history_code using (kind, code, code_type);

-- `sign` tells codes apart as `code_id` does, and is the same in every warehouse.
create or replace temp view coded_event as
with identified_code as (
    select
        kind, concept_id, source_concept_id, source_value,
        code_id,
        hash(kind, code, code_type) as sign
    from chosen_code
    join features.history_code using (kind, code, code_type)
)

select person_id, day, code_id, sign, abnormal
from raw_event
left join identified_code using (kind, concept_id, source_concept_id, source_value);
