-- What the extracts of CSV files share.

-- A code of a system, or words without code, as FHIR has them; NULL where there is neither.
create or replace macro mapping.concept_of(system, code, display) as
    case
        when coalesce(code, display) is not null
        then {
            'coding': case when code is null then [] else [{'system': system, 'code': code, 'display': display, 'userSelected': null}] end,
            'text': display
        }::landing.codeable_concept
    end;

-- A number with a decimal comma and points between thousands, as SQL reads it. A point that cannot stand between thousands, as
-- in '70.5', is a decimal point.
create or replace macro mapping.with_point(text) as
    replace(
        case when regexp_matches(text, '^\D*[1-9]\d{0,2}(\.\d{3})+(,|$)') then replace(text, '.', '') else text end,
        ',',
        '.'
    );

-- What SQL has computed in a file of decimal commas: a number as its numbers are written, a text as it is.
create or replace macro mapping.with_comma(computed) as
    case
        when typeof(computed) in ('DOUBLE', 'FLOAT') or starts_with(typeof(computed), 'DECIMAL')
        then replace(computed::varchar, '.', ',')
        else computed::varchar
    end;

-- What is said of a substance that somebody is allergic to: a key of concept_map.
create or replace macro mapping.allergy_of(type, category) as
    'allergy:'
    || case when lower(type) in ('allergy', 'intolerance') then lower(type) else 'unknown' end || ' '
    || case when lower(category) in ('food', 'medication', 'environment', 'biologic') then lower(category) else 'unknown' end;

-- A time that says where on earth it was, as the clock of a zone showed it; any other text stays as it is.
create or replace macro mapping.on_clock_of(text, zone) as
    case
        when strlen(text) > 10 and regexp_matches(text, '(Z|[+-]\d{2}(:?\d{2})?)$')
        then coalesce(strftime(timezone(zone, try_cast(text as timestamptz)), '%Y-%m-%dT%H:%M:%S'), text)
        else text
    end;

-- A time counted in seconds since 1970, as the clock of a zone showed it.
create or replace macro mapping.from_epoch(seconds, zone) as
    strftime(timezone(zone, try(to_timestamp(seconds))), '%Y-%m-%dT%H:%M:%S');

-- A moment in ISO 8601, as far as it is known. DuckDB takes '20' for the year 20 where a format says %Y.
create or replace macro mapping.as_iso(moment, format) as
    case when year(moment) > 999 then strftime(moment, format) end;
