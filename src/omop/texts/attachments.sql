-- The texts of attachments. Rules: docs/mapping.md#texts.

-- 'plain', 'html' or 'rtf'; NULL for what is no text.
create or replace macro mapping.text_format(content_type) as
    case lower(trim(split_part(content_type, ';', 1)))
        when 'text/html' then 'html'
        when 'text/xml' then 'html'
        when 'application/xhtml+xml' then 'html'
        when 'application/xhtml' then 'html'
        when 'text/rtf' then 'rtf'
        when 'application/rtf' then 'rtf'
        when 'application/x-rtf' then 'rtf'
        else case when lower(trim(content_type)) like 'text/%' then 'plain' end
    end;

-- Attachments of one record are one text in several formats (FHIR R4, DiagnosticReport.presentedForm and
-- DocumentReference.content): the format that is taken; NULL where none is text.
create or replace macro mapping.best_format(attachments) as
    ['plain', 'html', 'rtf'][list_min(list_transform(
        list_filter(attachments, lambda x: x.data is not null),
        lambda x: list_position(['plain', 'html', 'rtf'], mapping.text_format(x."contentType"))
    ))];

-- The characters of base64, which may be broken into lines. NULL for what is damaged, no UTF-8, or UTF-16 taken for it.
create or replace macro mapping.decoded(data) as
    ltrim(
        coalesce(
            try(decode(from_base64(data))),
            try(decode(from_base64(regexp_replace(data, '\s', '', 'g'))))
        ),
        chr(65279)
    );

-- The records of a table with a column `attachments`, once for each that is taken: its position, its readable text, or why
-- it has none. Formats are read side by side, each on its own rows, because a CASE works out what it holds more than once.
create or replace macro mapping.with_texts(records) as table
select
    * exclude (data, format, sent, unmarked),
    case
        when no_text is null and contains(sent, chr(0)) then null
        when format in ('html', 'rtf') then unmarked
        else sent
    end as text,
    coalesce(no_text, case when text is null then 'UNREADABLE_TEXT' end) as unread
from (
    select * exclude (html, rtf), mapping.readable(coalesce(html, rtf)) as unmarked
    from (
        select
            *,
            mapping.unmarked_html(case when format = 'html' then sent end) as html,
            mapping.unmarked_rtf(case when format = 'rtf' then sent end) as rtf
        from (
            select
                * exclude (named_format),
                case
                    when named_format = 'rtf' and not starts_with(ltrim(sent[:200]), '{\rtf') then 'plain'
                    else named_format
                end as format
            from (
                select *, mapping.decoded(case when no_text is null then data end) as sent
                from (
                    select
                        * exclude (attachment),
                        attachment.data as data,
                        attachment.title as attachment_title,
                        attachment.language as attachment_language,
                        attachment.creation as attachment_creation,
                        mapping.text_format(attachment."contentType") as named_format,
                        case
                            when attachment.data is null and attachment.url is not null then 'TEXT_BY_URL'
                            when attachment.data is null then 'NO_TEXT'
                            when named_format is null then 'NOT_TEXT'
                        end as no_text
                    from (
                        select
                            * exclude (attachments),
                            unnest(attachments) as attachment,
                            generate_subscripts(attachments, 1) as position,
                            mapping.best_format(attachments) as best_format
                        from query_table(records)
                    )
                )
                where best_format is null or named_format = best_format and data is not null
            )
        )
    )
);
