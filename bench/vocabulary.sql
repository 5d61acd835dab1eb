-- A vocabulary in Athena's layout: that of the sample data, and made-up concepts and relationships up to the wanted numbers,
-- in no order, as in a download. Ids from 300,000,000 on are made up.

create or replace macro shuffled(number, count) as number * 7919 % count;

create or replace macro made_id(number) as 300000000 + number % {{concepts}};

copy (
    from read_csv({{sample_concepts}}, delim => '\t', quote => '', all_varchar => true)
    union all
    select
        made_id(number)::varchar,
        'Concept ' || number || ' ' || md5(number::varchar),
        ['Condition', 'Drug', 'Drug', 'Procedure', 'Measurement', 'Observation'][number % 6 + 1],
        ['SNOMED', 'RxNorm', 'RxNorm Extension', 'NDC', 'LOINC', 'ICD10CM', 'ICD10PCS', 'NDC'][number % 8 + 1],
        'Clinical Finding',
        case when number % 2 = 0 then 'S' end,
        case number % 8 when 4 then number // 10 || '-' || number % 10 else 'M' || number end,
        '20020131',
        '20991231',
        case when number % 20 = 1 then 'D' end
    from (select shuffled(range, {{concepts}}) as number from range({{concepts}}))
)
to {{concept_file}} (delimiter '\t', quote '', escape '', header);

copy (
    from read_csv({{sample_relationships}}, delim => '\t', quote => '', all_varchar => true)
    union all
    select
        made_id(number)::varchar,
        made_id(hash(number))::varchar,
        ['Maps to', 'Mapped from', 'Is a', 'Subsumes', 'RxNorm has dose form', 'Has finding site', 'Has status'][
            number // {{concepts}} % 7 + 1
        ],
        '20020131',
        '20991231',
        case when number % 20 = 1 then 'D' end
    from (select shuffled(range, {{relationships}}) as number from range({{relationships}}))
)
to {{relationship_file}} (delimiter '\t', quote '', escape '', header);
