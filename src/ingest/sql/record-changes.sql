-- Of one type: what is now other than before, by content. What came again as it was is no change.

insert into meta.change
with before as (
    select source, resource_id, patient_id, content from removed_record where resource_type = {{resource_type}}
),

after as (
    select landing_source, id, {{patient}}, {{content}}
    from {{table}} version
    where landing_file in (select file_id from landing_file)
    union
    select landing_source, id, {{patient}}, {{content}}
    from {{table}} version
    where id in (select resource_id from before)
)

select distinct source, {{resource_type}}, patient_id, case when patient_id is null then resource_id end
from (
    (from after except from before)
    union all
    (from before except from after)
) changed(source, resource_id, patient_id, content);
