-- What visits say of the conditions that were diagnosed in them. Rules: docs/mapping.md#condition. Of several visits the
-- lowest rank counts.

create or replace temp table diagnosis_of_visit as
select landing_source, condition_id, arg_min(status, (coalesce(rank, 1000), id)) as status
from (
    select
        landing_source,
        id,
        diagnosis.rank as rank,
        landing.reference_to(
            coalesce(
                mapping.json_of(diagnosis.condition) ->> '$.reference',
                mapping.json_of(diagnosis.condition) ->> '$[0].reference.reference'
            ),
            'Condition'
        ) as condition_id,
        coalesce(
            list_filter(
                coalesce(
                    mapping.first_codeable_concept(diagnosis."use"), diagnosis.role
                ).coding,
                lambda x: x.code in ('AD', 'DD', 'pre-op', 'post-op')
            )[1].code,
            case when diagnosis.rank = 1 then 'primary' when diagnosis.rank > 1 then 'secondary' end
        ) as status
    from (
        select landing_source, id, unnest(diagnosis) as diagnosis
        from landing.encounter
        where len(diagnosis) > 0
    )
)
where status is not null and condition_id is not null
group by landing_source, condition_id;
