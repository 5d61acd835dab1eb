copy (
    select
        code as source_code,
        0 as source_concept_id,
        coalesce(vocabulary_id, system) as source_vocabulary_id,
        min(display) as source_code_description,
        0 as target_concept_id,
        'None' as target_vocabulary_id,
        '1970-01-01' as valid_start_date,
        '2099-12-31' as valid_end_date,
        null as invalid_reason
    from mapping.unmapped
    where code is not null and system not in ('', 'concept-map.csv')
    group by code, coalesce(vocabulary_id, system)
    order by sum(rows) desc, source_vocabulary_id, source_code
) to {{path}} (format csv, header);
