-- How records name their provider. A name that means several providers means none.
create or replace temp table provider_key as
select source, name, min(provider_id) as provider_id
from (
    select source, unnest(names) as name, provider_id
    from provider_row
    where reason is null
)
group by source, name
having count(distinct provider_id) = 1;
