-- HTML without its markup; `mapping.readable` makes it a text. Rules: docs/mapping.md#texts. On the way chr(2) stands for the
-- border of a block and chr(3) for that of a paragraph. Macros that hold one another name their argument once: each time it is named is a time that it is worked out.

-- What is never shown.
create or replace macro mapping.html_body(html) as
    regexp_replace(
        html,
        '(?is)<!--.*?-->|<head\b.*?</head\s*>|<script\b.*?</script\s*>|<style\b.*?</style\s*>|<!\[CDATA\[|\]\]>|<[!?][^>]*>|[\x02\x03]',
        '', 'g'
    );

-- Tags without their attributes, which may hold a '>'.
create or replace macro mapping.html_tags(html) as
    regexp_replace(html, '<(/?[A-Za-z][\w:.-]*)(?:[\s/](?:[^<>"'']|"[^"]*"|''[^'']*'')*)?>', '<\1>', 'g');

-- Lines and spaces count inside <pre>, the even pieces between its tags.
create or replace macro mapping.html_spaces(html) as
    array_to_string(
        list_transform(
            string_split_regex(html, '(?i)</?pre>'),
            lambda piece, i: case
                when i % 2 = 0 then replace(replace(piece, e'\r\n', e'\n'), ' ', chr(160))
                else regexp_replace(piece, ' *[\t\n\v\f\r]\s*|  +', ' ', 'g')
            end
        ),
        chr(2)
    );

create or replace macro mapping.html_marks(html) as
    regexp_replace(
        regexp_replace(
            regexp_replace(
                regexp_replace(html, '(?i)<br\b[^<>]*>', e'\n', 'g'),
                '(?i)</?(?:p|h[1-6]|paragraph)\b[^<>]*>', chr(3), 'g'
            ),
            '(?i)</?(?:div|li|ul|ol|dl|dt|dd|tr|table|thead|tbody|tfoot|caption|section|article|header|footer|main|aside|nav|address|blockquote|pre|hr|form|fieldset|center|figure|body|html|title|item|list|text|component|entry)\b[^<>]*>',
            chr(2), 'g'
        ),
        '(?i)</t[dh]\b[^<>]*>', e'\t', 'g'
    );

create or replace macro mapping.html_lines(text) as
    regexp_replace(
        regexp_replace(
            regexp_replace(
                regexp_replace(text, '\x03[ \t\x02\x03]*', e'\n\n', 'g'),
                '\x02[ \t\x02]*', e'\n', 'g'
            ),
            '[ \t]*\n *', e'\n', 'g'
        ),
        '\n{3,}', e'\n\n', 'g'
    );

create or replace macro mapping.unmarked_html(html) as
    mapping.html_lines(
        regexp_replace(
            mapping.html_marks(mapping.html_spaces(mapping.html_tags(mapping.html_body(html)))),
            '(?:</?)+[A-Za-z][^<>]*>', '', 'g'
        )
    );
