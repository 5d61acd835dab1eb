-- A code system's URI without what writers disagree on: scheme, case, trailing slash, version, SNOMED's edition.
create or replace macro mapping.canonical_uri(uri) as
    regexp_replace(
        regexp_replace(lower(trim(uri)), '^https?://|^urn:oid:|\|.*$|/+$', '', 'g'),
        '^snomed\.info/sct/.*$', 'snomed.info/sct'
    );

-- A code as the vocabulary spells it; NDCs: ndc.sql. Rules: docs/mapping.md#spelling-of-codes.
create or replace macro mapping.spelled_as_in_vocabulary(vocabulary_id, code) as
    case
        when vocabulary_id in ('ICD10CM', 'ICD10', 'ICD10GM') then
            regexp_replace(upper(regexp_replace(code, '[\s+*†!]|[.-]+$', '', 'g')), '^([A-Z]\w\w)(\w+)$', '\1.\2')
        when vocabulary_id = 'ICD9CM' then
            regexp_replace(upper(replace(code, ' ', '')), '^(E\d{3}|V\d{2}|\d{3})(\d+)$', '\1.\2')
        when vocabulary_id = 'ICD9Proc' then
            regexp_replace(replace(code, ' ', ''), '^(\d{2})(\d+)$', '\1.\2')
        when vocabulary_id = 'ICD10PCS' then
            regexp_replace(upper(replace(code, '.', '')), '^(\w{7})\W.*$', '\1')
        when vocabulary_id in ('HCPCS', 'CPT4') then
            regexp_replace(upper(code), '^(\w{5})(\W.*|[A-Z]\w|\d\d)$', '\1')
        when vocabulary_id = 'CVX' then lpad(code, greatest(2, length(code))::integer, '0')
        when vocabulary_id = 'RxNorm' then ltrim(code, '0')
        when vocabulary_id = 'SNOMED' then
            coalesce(nullif(regexp_extract(code, '^(?:===|<<<)?[\s(]*(\d+)', 1), ''), code)
        when vocabulary_id = 'LOINC' then upper(code)
        when vocabulary_id = 'ATC' then upper(replace(code, ' ', ''))
        else code
    end;

-- Whether a SNOMED code says more than one concept with its term does.
create or replace macro mapping.is_expression(code) as
    regexp_matches(regexp_replace(code, '\|[^|]*\|', '', 'g'), '[^\d\s|]');

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
            when 'Specimen' then 'specimen'
            else 'observation'
        end
    );

-- Where an event goes: to its natural table when its concept says nothing against it, else where the concept belongs. With the
-- option routing "resource" always to its natural table.
create or replace macro mapping.route(tables, natural_table) as
    case when {{by_resource}} or tables is null or list_contains(tables, natural_table) then natural_table else tables[1] end;
