-- What became of the records of the given files, by file and type.

select
    records.file_id,
    records.resource_type,
    records.read,
    coalesce(fate.mapped, 0) as mapped,
    coalesce(fate.reference, 0) as reference,
    records.ignored,
    coalesce(fate.dropped, 0) as dropped,
    records.superseded,
    records.quarantined
from meta.file_records records
left join mapping.file_fate fate using (file_id, resource_type)
where list_contains({{files}}, records.file_id)
order by records.file_id, records.resource_type;
