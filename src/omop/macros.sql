-- What extracts and rules say in one word. Rules: docs/mapping.md.

-- A date as far as FHIR gives it: '2019' and '2019-05' become their first day. NULL for what is no date, or whose year
-- has not four digits.
create or replace macro mapping.calendar_day(text) as
    case
        -- DuckDB would take '03/04/20' for a day of the year 3.
        when text between '0001' and '9~' and (strlen(text) = 4 or instr(text, '-') = 5 or instr(text, '/') = 5)
        then try_cast(case strlen(text) when 4 then text || '-01-01' when 7 then text || '-01' else text end as date)
    end;

-- The day of something that happened: a calendar day, unless it is one that systems write when they do not know.
create or replace macro mapping.first_day(text) as
    case when text < '9999' and not starts_with(text, '1900-01-01') then mapping.calendar_day(text) end;

-- The day on which what began on this day ended: in a month or year it did not end before it began.
create or replace macro mapping.last_day(text, start_date) as
    case
        when strlen(text) < 10 and mapping.first_day(text) < start_date then start_date
        else mapping.first_day(text)
    end;

-- The time on the wall where it was written: the offset is dropped, not applied. NULL for a date without time.
create or replace macro mapping.wall_clock(text) as
    case when mapping.first_day(text) is not null then mapping.time_of_day(text) end;

-- The same of a text that is known to be a date.
create or replace macro mapping.time_of_day(text) as
    case
        when strlen(text) > 10
        then coalesce(
            try_cast(text as timestamp),
            -- A cast leaves the offset out, but does not know one after minutes.
            try_cast(regexp_replace(text, '(Z|[+-]\d{2}:?\d{2})$', '') as timestamp)
        )
    end;

-- The first of two texts that is a date; where neither is, one that should have been.
create or replace macro mapping.dated(text, otherwise) as
    case when mapping.first_day(text) is not null then text else coalesce(otherwise, text) end;

-- The same of several texts: the first that is a date; where none is, the last, which should have been. A macro is written out
-- wherever it stands, so that one inside another would be planned many times.
create or replace macro mapping.first_dated(texts) as
    coalesce(
        list_filter(texts, lambda x: mapping.first_day(x) is not null)[1],
        list_filter(texts, lambda x: x is not null)[-1]
    );

-- Why a record whose date this is has none: it says none, or one that cannot be read.
create or replace macro mapping.reason_for_no_date(text) as
    case when text is null or starts_with(text, '1900-01-01') or starts_with(text, '9999') then 'NO_DATE' else 'BAD_DATE' end;

-- 'day', 'month and day' …: what of a date had to be made up; NULL for a whole date.
create or replace macro mapping.made_up(text) as
    case length(text) when 4 then 'month and day' when 7 then 'day' end;

-- When a timing first comes round, as far as it says.
create or replace macro mapping.start_of_timing(timing) as
    mapping.first_dated([timing.event[1], timing.repeat."boundsPeriod".start]);

-- The members of a panel: in STU3 they are related to it as such.
create or replace macro mapping.members_of(members, related) as
    coalesce(
        members,
        list_transform(list_filter(related, lambda x: x.type = 'has-member'), lambda x: x.target)
    );

-- Whether a reference is to a patient, or to who speaks for one.
create or replace macro mapping.is_patient(reference) as
    regexp_matches(reference, '(^|/)(Patient|RelatedPerson)/[^/]+$');

-- Whether what is observed is another than the patient in whose record it is: a fetus, a donor, a relative.
create or replace macro mapping.is_of_another(focus, subject) as
    list_bool_or(list_transform(
        focus,
        lambda x: coalesce(x.type = 'RelatedPerson', false)
            or regexp_matches(coalesce(x.reference, ''), '(^|/)RelatedPerson/')
            or coalesce(landing.reference_to(x.reference, 'Patient') <> landing.reference_to(subject.reference, 'Patient'), false)
    ));

-- A currency as a code.
create or replace macro mapping.currency_code(currency) as
    case
        when currency is not null
        then struct_pack(
            coding := [struct_pack(system := 'urn:iso:std:iso:4217', code := upper(currency), display := null::varchar, "userSelected" := null::boolean)],
            text := null::varchar
        )
    end;

-- The parts of a text that is a number, such as '7.2' or '<0.1'; empty for any other text.
create or replace macro mapping.numeric_text(text) as
    regexp_extract(text, '^\s*(<=|>=|<|>|≤|≥)?\s*(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*$', ['comparator', 'number']);

-- The number that a text is; NULL for any other text.
create or replace macro mapping.number_of(text) as try_cast(mapping.numeric_text(text).number as double);

-- The comparator of a text that is a number, as FHIR writes it; NULL where it has none.
create or replace macro mapping.comparator_of(text) as
    replace(replace(nullif(mapping.numeric_text(text).comparator, ''), '≤', '<='), '≥', '>=');

-- Whether a value says that there is what was asked for: in words, as an interpretation, by SNOMED CT or by LOINC (yes, present,
-- positive, detected).
create or replace macro mapping.is_yes(answer) as
    lower(answer) in (
        'true', 'yes', 'y', 'present', 'positive', 'detected', 'pos', 'det',
        '373066001', '52101004', '10828004', '260373001',
        'la33-6', 'la9633-4', 'la6576-8', 'la11882-0'
    );

-- Whether a value says that there is not.
create or replace macro mapping.is_no(answer) as
    lower(answer) in (
        'false', 'no', 'n', 'absent', 'negative', 'not detected', 'neg', 'nd',
        '373067005', '2667000', '260385009', '260415000',
        'la32-8', 'la9634-2', 'la6577-6', 'la11883-8'
    );

-- An age, where it is one that a person may have.
create or replace macro mapping.age(quantity) as
    list_filter(
        [try_cast(
            quantity.value || case coalesce(quantity.code, lower(quantity.unit))
                when 'a' then ' years' when 'mo' then ' months' when 'wk' then ' weeks' when 'd' then ' days'
                when 'h' then ' hours' when 'min' then ' minutes'
                when 'years' then ' years' when 'months' then ' months' when 'weeks' then ' weeks' when 'days' then ' days'
            end
            as interval
        )],
        lambda x: x between interval 0 day and interval 150 year
    )[1];

-- The unit of a quantity, as a code.
create or replace macro mapping.unit_of(quantity) as
    case
        when coalesce(quantity.code, quantity.unit) is not null
        then struct_pack(system := quantity.system, code := quantity.code, display := quantity.unit, "userSelected" := null::boolean)
    end;

-- Whether two quantities name units of which none is the same; one that names none is in that of the other.
create or replace macro mapping.differ_in_unit(one, other) as
    case
        when one.unit = other.unit or one.code = other.code then false
        else coalesce(one.code, one.unit) is not null
            and coalesce(other.code, other.unit) is not null
            and not list_has_any(
                [lower(replace(one.code, ' ', '')), lower(replace(one.unit, ' ', ''))],
                [lower(replace(other.code, ' ', '')), lower(replace(other.unit, ' ', ''))]
            )
    end;

-- Whether the bounds of a range may be read in the unit of a quantity.
create or replace macro mapping.fits_unit_of(bounds, quantity) as
    not (mapping.differ_in_unit(bounds.low, quantity) or mapping.differ_in_unit(bounds.high, quantity));

-- Whether a reference range of this type is that of healthy people.
create or replace macro mapping.is_normal(type) as type is null or type.coding[1].code = 'normal';

-- A unit in words. Alone F and C are degrees: nobody measures patients in farad and coulomb, as UCUM has it.
create or replace macro mapping.unit_meant_by(unit) as
    case upper(unit) when 'F' then '[degF]' when 'C' then 'Cel' else unit end;

-- The quantity that so much for one of something is: 5 mg for 1 dL is 5 mg/dL.
create or replace macro mapping.per_one(numerator, denominator) as
    case
        when coalesce(denominator.code, denominator.unit, '1') = '1' then numerator
        else struct_pack(
            value := numerator.value,
            comparator := numerator.comparator,
            unit := coalesce(numerator.unit, numerator.code, '1') || '/' || coalesce(denominator.unit, denominator.code),
            system := numerator.system,
            code := numerator.code || '/' || denominator.code
        )
    end;

-- A text that is JSON; NULL where it is none. Never try(): over a JSON function it writes into memory that is not its own.
create or replace macro mapping.json_of(text) as case when json_valid(text) then text end;

-- The codes of a member that one version of FHIR gives as a code and another as a CodeableConcept, here as text.
create or replace macro mapping.codes_of(text) as
    case when text[1] = '{' then json_extract_string(mapping.json_of(text), '$.coding[*].code') else [text] end;

-- The first CodeableConcept of a member that one version of FHIR gives as one and another as several, here as text.
create or replace macro mapping.first_codeable_concept(text) as
    json_transform(
        mapping.json_of(case when text[1] = '{' then '[' || text || ']' else text end),
        '[{"coding": [{"system": "VARCHAR", "code": "VARCHAR", "display": "VARCHAR", "userSelected": "BOOLEAN"}], "text": "VARCHAR"}]'
    )[1];

-- The code of a member that is one CodeableConcept or several, here as text; else its words.
create or replace macro mapping.first_code(text) as
    coalesce(
        mapping.json_of(text) ->> '$[0].coding[0].code',
        mapping.json_of(text) ->> '$.coding[0].code',
        mapping.json_of(text) ->> '$[0].text',
        mapping.json_of(text) ->> '$.text'
    );

-- The code that a concept has in a list of HL7, else its first, else its words.
create or replace macro mapping.code_of_list(concept, list) as
    coalesce(
        list_filter(concept.coding, lambda x: ends_with(x.system, list))[1].code,
        concept.coding[1].code,
        concept.text,
        concept.coding[1].display
    );

-- The code of a member that is a code, a Coding or CodeableConcepts, here as text.
create or replace macro mapping.class_code(text) as
    case text[1]
        when '{' then mapping.json_of(text) ->> '$.code'
        when '[' then mapping.json_of(text) ->> '$[0].coding[0].code'
        else text
    end;

-- A number, unless it is more than any (1e999) or none (NaN).
create or replace macro mapping.finite(number) as case when isfinite(number) then number end;

-- A number as text: 120, not 120.0.
create or replace macro mapping.number_text(number) as
    case when ends_with(number::varchar, '.0') then left(number::varchar, -2) else number::varchar end;

-- The amount of a quantity as text: 120, <0.1.
create or replace macro mapping.amount_text(quantity) as
    coalesce(quantity.comparator, '') || mapping.number_text(quantity.value);

-- A code in words.
create or replace macro mapping.words_of(concept) as
    coalesce(concept.coding[1].display, concept.text, concept.coding[1].code);

-- The reference that a text is, or the first that it holds as JSON.
create or replace macro mapping.reference_in(text) as
    case when json_valid(text) then coalesce(text ->> '$.reference', text ->> '$[0].reference') else text end;

-- Of references the first that may mean a practitioner; a urn does not say what it means.
create or replace macro mapping.practitioner_of(names) as
    landing.canonical_reference(
        list_filter(names, lambda name: contains(name, 'Practitioner') or starts_with(name, 'urn:'))[1]
    );

-- A supply in whole days. NULL where it is none, or in a unit whose days would have to be guessed.
create or replace macro mapping.days_of(value, unit) as
    case
        when lower(unit) in ('d', 'day', 'days') then nullif(greatest(try_cast(value as integer), 0), 0)
        when lower(unit) in ('wk', 'week', 'weeks') then nullif(greatest(try_cast(value * 7 as integer), 0), 0)
    end;

-- When a drug was last taken as far as the record says: by its own words, else by the days of supply, else by what
-- else ends in it.
create or replace macro mapping.known_end_of_exposure(start_date, verbatim_end_date, days_supply, end_date) as
    coalesce(
        case when verbatim_end_date is not null then end_date end,
        try(start_date + (days_supply - 1)),
        end_date
    );

-- The first day on which a person of the CDM may have been born.
create or replace macro mapping.first_possible_birth(year, month, day) as
    try(make_date(year, coalesce(month, 1), coalesce(day, 1)));

-- An id for what has a key: positive, below 2^53, and the same in every run. The first half of an MD5, shifted out:
-- md5_number_lower gives the same by way of a text of 128 digits.
create or replace macro mapping.id_of_key(key) as
    1 + ((md5_number(key) >> 64)::ubigint % 9007199254740990)::bigint;

-- An id for a row, the same for the same record.
create or replace macro mapping.row_id(cdm_table, source, resource_type, resource_id, part, target) as
    mapping.id_of_key(concat_ws('|', cdm_table, source, resource_type, resource_id, part, target));

-- Addresses with the same key are one place.
create or replace macro mapping.address_key(line_1, line_2, city, county, state, zip, country) as
    lower(array_to_string(
        list_transform([line_1, line_2, city, county, state, zip, country], lambda part: coalesce(trim(part), '')), '|'
    ));

-- The references that mean a resource: by its id, as the urn of a Bundle's entry, and by searching for an identifier of it.
create or replace macro mapping.names_of(resource_type, id, identifiers) as
    list_concat(
        [resource_type || '/' || id, 'urn:uuid:' || id],
        list_transform(
            list_filter(identifiers, lambda x: x.value is not null),
            lambda x: mapping.name_by_identifier(resource_type, x)
        )
    );

create or replace macro mapping.name_by_identifier(resource_type, identifier) as
    resource_type || '?identifier=' || coalesce(identifier.system || '|', '') || identifier.value;
