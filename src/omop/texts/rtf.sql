-- RTF without its markup; `mapping.readable` makes it a text. Rules: docs/mapping.md#texts. Escapes become HTML's character
-- references on the way; until the end chr(1) stands for a line break and chr(4) for the border of a cell. What depends on the whole is asked of the text as sent.

-- Characters by number. Each has a substitute for old readers behind it, unless \uc0 says that it has none.
create or replace macro mapping.rtf_unicode(sent) as
    case
        when contains(sent, '\uc0') and not contains(sent, '\uc1')
        then regexp_replace(mapping.rtf_escapes(sent), '\\u(-?\d+) ?', '&#\1;', 'g')
        else regexp_replace(
            mapping.rtf_escapes(sent), '\\u(-?\d+) ?(?:\\''[0-9a-fA-F]{2}|&#?\w+;|[^\\{}\r\n&])?', '&#\1;', 'g'
        )
    end;

create or replace macro mapping.rtf_escapes(rtf) as
    replace(replace(replace(replace(rtf, '&', '&amp;'), '\\', '&#92;'), '\{', '&#123;'), '\}', '&#125;');

-- Characters by their byte in the code page of western Windows. NULL where the text has such of another code page.
create or replace macro mapping.rtf_bytes(sent) as
    case
        when (
                regexp_extract(sent, '\\ansicpg(\d+)', 1) not in ('', '0', '1252')
                or regexp_matches(sent[:200], '\\(?:mac|pca?)\b')
            )
            and regexp_matches(mapping.rtf_unicode(sent), '\\''[89a-fA-F]')
        then null
        else regexp_replace(mapping.rtf_unicode(sent), '\\''([0-9a-fA-F]{2})', '&#x\1;', 'g')
    end;

-- Groups that hold nothing of the text: fonts, styles, pictures, headers, and all that are marked as optional. They may hold
-- groups themselves, here to a depth of six.
create or replace macro mapping.rtf_body(rtf) as
    regexp_replace(
        rtf,
        '\{\s*\\(?:\*|(?:fonttbl|colortbl|stylesheet|info|pict|object|header[lrf]?|footer[lrf]?)\b)'
        || replace(replace(replace(replace(replace(replace(
            '#\}',
            '#', '(?:[^{}]|\{#\})*'),
            '#', '(?:[^{}]|\{#\})*'),
            '#', '(?:[^{}]|\{#\})*'),
            '#', '(?:[^{}]|\{#\})*'),
            '#', '(?:[^{}]|\{#\})*'),
            '#', '[^{}]*'),
        '', 'g'
    );

create or replace macro mapping.rtf_lines(rtf) as
    regexp_replace(
        regexp_replace(
            regexp_replace(
                replace(replace(rtf, '\~', '&nbsp;'), '\_', '-'),
                '\\(?:(?:par|line|sect|page|row)\b ?|\r?\n)', chr(1), 'g'
            ),
            '\\(?:tab|cell)\b ?', chr(4), 'g'
        ),
        '\\(emdash|endash|lquote|rquote|ldblquote|rdblquote|bullet|emspace|enspace)\b ?', '&\1;', 'g'
    );

create or replace macro mapping.unmarked_rtf(sent) as
    regexp_replace(
        regexp_replace(
            replace(
                regexp_replace(
                    mapping.rtf_lines(mapping.rtf_body(mapping.rtf_bytes(sent))),
                    '\\[a-zA-Z]+(?:-?\d+)? ?|\\.|[{}\r\n]', '', 'g'
                ),
                chr(4), e'\t'
            ),
            '[ \t]*\x01', e'\n', 'g'
        ),
        '\n{3,}', e'\n\n', 'g'
    );
