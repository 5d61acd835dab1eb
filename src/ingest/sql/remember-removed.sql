insert into removed_record
select landing_source, {{resource_type}}, id, {{patient}}, {{content}}
from {{table}} version
where {{condition}};
