-- How many rows used each code, as far as any did.

update mapping.code_mapping
set records = used.records
from (select role, code_key, target, sum(rows)::bigint as records from mapping.code_use group by all) used
where used.role = code_mapping.role and used.code_key = code_mapping.code_key and used.target = code_mapping.target;
