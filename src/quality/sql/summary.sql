-- Events by how their code was resolved; a code with several targets counts once.

select
    coalesce(sum(records) filter (status = 'ALREADY_STANDARD'), 0)::bigint as codes_already_standard,
    coalesce(sum(records) filter (status = 'MAPPED'), 0)::bigint as codes_normalized,
    coalesce(sum(records) filter (status = 'UNMAPPED'), 0)::bigint as codes_unmapped
from mapping.code_mapping
where target = 0 and role in (select role from mapping.code_role where several);
