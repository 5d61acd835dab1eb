-- A code system's URI without what writers disagree on: scheme, case, trailing slash, SNOMED's edition.
create or replace macro mapping.canonical_uri(uri) as
    regexp_replace(
        regexp_replace(lower(trim(uri)), '^https?://|/+$', '', 'g'),
        '^snomed\.info/sct/.*$', 'snomed.info/sct'
    );

-- A code as the vocabulary spells it. Rules: docs/mapping.md#spelling-of-codes.
create or replace macro mapping.spelled_as_in_vocabulary(vocabulary_id, code) as
    case
        when vocabulary_id in ('ICD10CM', 'ICD10', 'ICD10GM') then
            regexp_replace(upper(regexp_replace(code, '[\s+*†!]', '', 'g')), '^([A-Z]\w\w)(\w+)$', '\1.\2')
        when vocabulary_id = 'ICD9CM' then
            regexp_replace(upper(trim(code)), '^(E\d{3}|V\d{2}|\d{3})(\d+)$', '\1.\2')
        when vocabulary_id = 'ICD9Proc' then
            regexp_replace(trim(code), '^(\d{2})(\d+)$', '\1.\2')
        when vocabulary_id = 'CVX' then lpad(trim(code), greatest(2, length(trim(code)))::integer, '0')
        when vocabulary_id = 'RxNorm' then ltrim(trim(code), '0')
        when vocabulary_id = 'SNOMED' then trim(split_part(code, '|', 1))
        when vocabulary_id in ('LOINC', 'ATC') then upper(trim(code))
        when vocabulary_id = 'NDC' then
            case
                when regexp_matches(code, '^\d{4}-\d{4}-\d{2}$') then '0' || replace(code, '-', '')
                when regexp_matches(code, '^\d{5}-\d{3}-\d{2}$') then code[1:5] || '0' || replace(code[7:], '-', '')
                when regexp_matches(code, '^\d{5}-\d{4}-\d$') then code[1:5] || code[7:10] || '0' || code[12:]
                else replace(trim(code), '-', '')
            end
        else trim(code)
    end;

-- The CDM tables a domain leads to, in its own order; a compound domain ('Condition/Meas') leads to one of several.
create or replace macro mapping.tables_of_domain(domain_id) as
    list_transform(
        string_split(domain_id, '/'),
        lambda part: case part
            when 'Condition' then 'condition_occurrence'
            when 'Drug' then 'drug_exposure'
            when 'Procedure' then 'procedure_occurrence'
            when 'Measurement' then 'measurement'
            when 'Meas' then 'measurement'
            when 'Device' then 'device_exposure'
            else 'observation'
        end
    );

-- Where an event goes: to its natural table when its concept says nothing against it, else where the concept belongs.
create or replace macro mapping.route(tables, natural_table) as
    case when tables is null or list_contains(tables, natural_table) then natural_table else tables[1] end;
