-- What other systems write into the files of a CDM. Rules: docs/csv.md#a-cdm-made-elsewhere.

-- The text of a value that is no text in the CDM; exports write several words for nothing.
create or replace macro mapping.value_text(text) as
    case when upper(trim(text)) not in ('', 'NA', 'NAN', 'NULL', '\N') then trim(text) end;

-- A whole number, as which '8507.0' counts and '1.5' does not.
create or replace macro mapping.whole_number(text) as
    case when regexp_full_match(text, '[+-]?\d+(\.0*)?') then try_cast(split_part(text, '.', 1) as bigint) end;

create or replace macro mapping.any_number(text) as mapping.finite(try_cast(text as double));

-- '2020-01-31', with or without a time, or '20200131'.
create or replace macro mapping.day_of(text) as
    case
        when regexp_matches(text, '^\d{4}-\d{2}-\d{2}([ T].*)?$') then try_cast(text[1:10] as date)
        when regexp_full_match(text, '\d{8}') then try_strptime(text, '%Y%m%d')::date
    end;

-- A day is its midnight; an offset is dropped, not applied.
create or replace macro mapping.moment_of(text) as
    coalesce(
        case when regexp_matches(text, '^\d{4}-\d{2}-\d{2}[ T]\d') then mapping.time_of_day(text) end,
        mapping.day_of(text)::timestamp
    );
