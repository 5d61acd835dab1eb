-- Spans in which a person takes an ingredient: exposures that start at most 30 days after all earlier ones have ended.
-- Exposures that overlap are one stretch of days; gap_days are the days between the stretches of an era.
-- Rule: OHDSI's drug era script (CommonDataModel, "SQL Scripts"; ETL-CMS, non-stockpile), docs/mapping.md#derived-tables.

insert into cdm.drug_era by name
with with_reach as (
    select
        *,
        max(end_date) over (
            partition by person_id, ingredient_concept_id
            order by start_date
            rows between unbounded preceding and 1 preceding
        ) as reached
    from ingredient_exposure
),

numbered as (
    select
        *,
        -- Over a range, not rows: exposures that start on one day are of one era, in whatever order they come.
        count(*) filter (where start_date > reached + 30) over (
            partition by person_id, ingredient_concept_id
            order by start_date
            range unbounded preceding
        ) as era
    from with_reach
)

select
    mapping.row_id('drug_era', '', '', person_id, ingredient_concept_id, min(start_date)) as drug_era_id,
    person_id,
    ingredient_concept_id as drug_concept_id,
    min(start_date) as drug_era_start_date,
    max(end_date) as drug_era_end_date,
    count(*) as drug_exposure_count,
    coalesce(sum(start_date - reached) filter (where start_date - reached between 1 and 30), 0) as gap_days
from numbered
group by person_id, ingredient_concept_id, era;
