-- How records name their care site. A name that means several sites means none.
create or replace temp table care_site_key as
select source, name, min(care_site_id) as care_site_id
from (
    select source, unnest(names) as name, care_site_id
    from care_site_row
    where reason is null
)
group by source, name
having count(distinct care_site_id) = 1;
