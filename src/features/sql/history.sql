-- patient_history of the PhenOM contract, of some of the persons whose history has changed.

insert into features.patient_history by name
with slice_person as (
    from changed_person
    where person_id between {{first}} and {{last}}
),

list_of_person as (
    select
        person_id,
        list_sort(list({'lab_date': day, 'loinc': code, 'value_abnormal': abnormal}) filter (kind = 'lab_results'))
            as lab_results,
        list_sort(list({'diagnosis_date': day, 'code': code, 'code_type_name': code_type}) filter (kind = 'diagnoses'))
            as diagnoses,
        list_sort(list({'procedure_date': day, 'code': code, 'code_type_name': code_type}) filter (kind = 'procedures'))
            as procedures,
        list_sort(list({'medication_start': day, 'code': code, 'code_type': code_type}) filter (kind = 'medications'))
            as medications
    from features.history_event
    join features.history_code using (code_id)
    semi join slice_person using (person_id)
    where person_id between {{first}} and {{last}}
    group by person_id
)

select
    person_id,
    patient_id,
    birth_date,
    sex,
    zip3,
    {{as_of}} as as_of,
    to_json({
        'patient': {'patient_id': patient_id, 'birth_date': birth_date, 'sex': sex, 'zip3': zip3},
        'lab_results': coalesce(lab_results, []),
        'diagnoses': coalesce(diagnoses, []),
        'procedures': coalesce(procedures, []),
        'medications': coalesce(medications, [])
    }) as history,
    md5(history::varchar) as history_hash,
    hash(history::varchar) as history_check,
    events,
    not_expressed,
    fingerprint,
    {{run_id}} as run_id
from slice_person
join list_of_person using (person_id);
