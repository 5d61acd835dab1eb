-- Of rows that share an id the one with the smallest key keeps it; the others are hashed again, with the round as salt.

update {{table}}
set {{id}} = mapping.id_of_key(concat_ws('|', {{id}}, {{key}}, {{round}}))
where rowid in (
    select row_number
    from (
        select rowid as row_number, row_number() over (partition by {{scope}} order by {{key}}) as rank
        from {{table}}
        where {{id}} is not null
    )
    where rank > 1
);
