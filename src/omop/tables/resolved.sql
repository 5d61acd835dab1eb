-- How codes were resolved, for those who come after the mapping.

delete from mapping.concept_map;

insert into mapping.concept_map by name
from concept_map;

delete from mapping.code_mapping;

insert into mapping.code_mapping by name
from code_mapping;

create or replace table mapping.code_role as
from code_role;
