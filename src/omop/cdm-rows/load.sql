insert into cdm.{{table}} by name
select {{columns}}
from {{rows}}
where reason is null;
