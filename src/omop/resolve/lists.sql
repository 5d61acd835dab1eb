-- The lists of schemas/ that codes are resolved by.

-- Which vocabulary each code system is: what the user says of a system takes the place of what is listed.
create or replace temp table code_system as
with own as (
    select mapping.canonical_uri(own.uri) as uri, own.vocabulary_id as vocabulary_id, 1 as preference
    from (select unnest({{own_code_systems}}) as own)
),

listed as (
    select mapping.canonical_uri(uri) as uri, vocabulary_id, min(preference) as preference
    from read_csv({{code_systems}}, {{list_format}}, columns => {
        'uri': 'varchar', 'preference': 'integer', 'vocabulary_id': 'varchar'
    })
    group by all
)
from own
union all
from listed anti join own using (uri);

create or replace temp table vocabulary_priority as
from read_csv({{vocabulary_priority}}, {{list_format}}, columns => {
    'role': 'varchar', 'vocabulary_id': 'varchar', 'priority': 'integer'
});

-- What a code may lead to in each role: concepts of one domain only, and one or several of them; and the classes of
-- concepts that are statements: they stand by themselves, where others only are what something is said about.
create or replace temp table code_role as
from read_csv({{code_roles}}, {{list_format}}, columns => {
    'role': 'varchar', 'domain': 'varchar', 'several': 'boolean', 'statement_classes': 'varchar'
});

-- The two letters of the states, by their names and ISO 3166-2 codes.
create or replace temp table us_state as
select code, unnest([lower(name), lower('US-' || code)]) as name
from read_csv({{states}}, {{list_format}}, columns => {'name': 'varchar', 'code': 'varchar'});
