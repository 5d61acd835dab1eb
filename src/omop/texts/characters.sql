-- Characters that markup writes by name or number. Rules: docs/mapping.md#texts.

set variable named_characters = (
    select map(list(name), list(chr(code_point)))
    from read_csv({{named_characters}}, {{list_format}}, columns => {
        'name': 'varchar', 'code_point': 'integer', 'written_in': 'varchar'
    })
);

-- 128 to 159 are the characters of Windows, as HTML reads them and RTF writes them. Of a character that RTF writes as two
-- halves the sign for an unknown one is left.
create or replace macro mapping.character_of_number(number) as
    case
        when number between 128 and 159 then '€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ'[number - 127]
        when number between 55296 and 56319 then '�'
        when number between 56320 and 57343 then ''
        when number > 0 then try(chr(number))
    end;

-- By name, '#' and number, or '#x' and hexadecimal number. RTF counts in 16 bits and writes the upper half as negative.
create or replace macro mapping.character_of(name) as
    case
        when name[1:2] in ('#x', '#X') then mapping.character_of_number(try_cast('0x' || name[3:] as integer))
        when name[1:2] = '#-' then mapping.character_of_number(65536 + try_cast(name[2:] as integer))
        when name[1] = '#' then mapping.character_of_number(try_cast(name[2:] as integer))
        else getvariable('named_characters')[name]
    end;

-- A text with '&name;', '&#8217;' and '&#x2019;' as the characters they stand for; what stands for none stays as it is, and
-- the space that does not break becomes a common one.
create or replace macro mapping.with_characters(text) as
    replace(
        array_to_string(
            list_transform(
                string_split(text, '&'),
                lambda piece, i: case
                    when i = 1 then piece
                    when contains(piece[:11], ';')
                    then coalesce(
                        mapping.character_of(split_part(piece, ';', 1)) || piece[strpos(piece, ';') + 1:],
                        '&' || piece
                    )
                    else '&' || piece
                end
            ),
            ''
        ),
        chr(160), ' '
    );

-- A text without its markup as people read it.
create or replace macro mapping.readable(unmarked) as trim(mapping.with_characters(unmarked), e' \t\n');
