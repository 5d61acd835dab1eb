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

create or replace temp view coded_event as
select person_id, kind, day, code, code_type, abnormal
from raw_event
left join chosen_code using (kind, concept_id, source_concept_id, source_value);
