-- What is still to be filled in, and below it what somebody has: the list is loaded from where it is written.

copy (
    with filled_in as (
        from earlier_list
        where coalesce(trim(target_concept_id), '') not in ('', '0')
    ),

    wanted as (
        select
            code as source_code,
            0 as source_concept_id,
            coalesce(vocabulary_id, system) as source_vocabulary_id,
            min(display) as source_code_description,
            0 as target_concept_id,
            'None' as target_vocabulary_id,
            '1970-01-01' as valid_start_date,
            '2099-12-31' as valid_end_date,
            null as invalid_reason,
            sum(rows) as rows
        from mapping.unmapped
        where code is not null and system not in ('', 'concept-map.csv')
        group by code, coalesce(vocabulary_id, system)
    )

    select * exclude (rows)
    from (
        from wanted anti join filled_in using (source_code, source_vocabulary_id)
        union all by name
        from filled_in
    )
    order by rows desc nulls last, source_vocabulary_id, source_code, target_concept_id
) to {{path}} (format csv, header);
