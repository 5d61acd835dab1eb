-- Spans of one condition of one person: occurrences that start at most 30 days after all earlier ones have ended. An
-- occurrence without end lasts a day, one that ends before it starts counts as its start; concept 0 has no eras.
-- Rule: OHDSI's condition era script (CommonDataModel, "SQL Scripts"; ETL-Synthea), docs/mapping.md#derived-tables.

insert into cdm.condition_era by name
with occurrence as (
    select
        person_id,
        condition_concept_id,
        condition_start_date as start_date,
        greatest(condition_start_date, coalesce(condition_end_date, condition_start_date + 1)) as end_date
    from cdm.condition_occurrence
    where condition_concept_id <> 0
),

with_reach as (
    select
        *,
        max(end_date) over (
            partition by person_id, condition_concept_id
            order by start_date
            rows between unbounded preceding and 1 preceding
        ) as reached
    from occurrence
),

numbered as (
    select
        *,
        -- Over a range, not rows: occurrences that start on one day are of one era, in whatever order they come.
        count(*) filter (where start_date > reached + 30) over (
            partition by person_id, condition_concept_id
            order by start_date
            range unbounded preceding
        ) as era
    from with_reach
)

select
    mapping.row_id('condition_era', '', '', person_id, condition_concept_id, min(start_date)) as condition_era_id,
    person_id,
    condition_concept_id,
    min(start_date) as condition_era_start_date,
    max(end_date) as condition_era_end_date,
    count(*) as condition_occurrence_count
from numbered
group by person_id, condition_concept_id, era;
