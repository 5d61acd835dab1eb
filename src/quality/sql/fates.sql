-- What became of the records of the given files, by file and type. A full join, so that a line that only one of the two
-- books has is seen.

select
    file_id,
    resource_type,
    coalesce(records.read, 0) as read,
    coalesce(fate.mapped, 0) as mapped,
    coalesce(fate.reference, 0) as reference,
    coalesce(records.ignored, 0) as ignored,
    coalesce(fate.dropped, 0) as dropped,
    coalesce(records.superseded, 0) as superseded,
    coalesce(records.quarantined, 0) as quarantined
from meta.file_records records
full join mapping.file_fate fate using (file_id, resource_type)
where list_contains({{files}}, file_id)
order by file_id, resource_type;
