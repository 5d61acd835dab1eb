-- Spans in which a person takes one daily dose of an ingredient: exposures of that dose, until another dose comes or a gap
-- of 31 days. Empty without DRUG_STRENGTH.
-- Rules: CDM 5.4 on DOSE_ERA; CommonDataModel, "How to Calculate Drug Dose"; docs/mapping.md#derived-tables.
--
-- Left out, because the rules do not say what the quantity counts or which strength holds: concentrations per mg (mg or g?),
-- inhalers with a number of puffs (puffs or inhalers?), boxes, compounds, patches for less than a day, drugs with several
-- strengths of one ingredient, and what has no quantity or days_supply. Doses taken at the same time are not added up.

insert into cdm.dose_era by name
with strength as (
    select
        drug_concept_id,
        ingredient_concept_id,
        coalesce(amount_unit_concept_id, numerator_unit_concept_id) as unit_concept_id,
        case
            -- Pieces, such as tablets.
            when denominator_unit_concept_id is null then amount_value
            -- Millilitres; or packs, where the strength says how much one holds.
            when denominator.concept_code = 'mL' then numerator_value
            when denominator.concept_code = 'mg' and denominator_value > 1 then numerator_value
            -- Puffs.
            when denominator.concept_code = '{actuat}' and coalesce(denominator_value, 1) = 1 then numerator_value
        end as amount_per_quantity,
        -- Patches give an amount an hour, whatever their number: one at a time, day and night.
        case
            when denominator.concept_code = 'h' and coalesce(denominator_value, 24) >= 24
            then 24 * numerator_value / coalesce(denominator_value, 1)
        end as amount_per_day
    from vocab.drug_strength strength
    left join vocab.concept denominator on denominator.concept_id = denominator_unit_concept_id
    where
        strength.invalid_reason is null
        and coalesce(box_size, 1) = 1
        and drug_concept_id in (select drug_concept_id from cdm.drug_exposure)
    qualify count(*) over (partition by drug_concept_id, ingredient_concept_id) = 1
),

dosed as (
    select
        person_id,
        ingredient_concept_id,
        unit_concept_id,
        start_date,
        end_date,
        -- Products of decimals differ in their last digits (3 x 0.1 is not 0.3): nine digits make a dose.
        format('{:.9g}', coalesce(amount_per_day, quantity / nullif(days_supply, 0) * amount_per_quantity))::double as dose
    from ingredient_exposure
    join strength using (drug_concept_id, ingredient_concept_id)
    where unit_concept_id is not null
),

with_change as (
    select
        *,
        dose is distinct from lag(dose) over (
            partition by person_id, ingredient_concept_id, unit_concept_id
            order by start_date, dose
        ) as changed
    from dosed
    where dose > 0
),

with_run as (
    select
        *,
        count(*) filter (where changed) over (
            partition by person_id, ingredient_concept_id, unit_concept_id
            order by start_date, dose
            range unbounded preceding
        ) as run
    from with_change
),

with_reach as (
    select
        *,
        max(end_date) over (
            partition by person_id, ingredient_concept_id, unit_concept_id, run
            order by start_date
            rows between unbounded preceding and 1 preceding
        ) as reached
    from with_run
),

numbered as (
    select
        *,
        count(*) filter (where start_date > reached + 30) over (
            partition by person_id, ingredient_concept_id, unit_concept_id, run
            order by start_date
            range unbounded preceding
        ) as era
    from with_reach
)

select
    mapping.row_id('dose_era', unit_concept_id, dose, person_id, ingredient_concept_id, min(start_date)) as dose_era_id,
    person_id,
    ingredient_concept_id as drug_concept_id,
    unit_concept_id,
    dose as dose_value,
    min(start_date) as dose_era_start_date,
    max(end_date) as dose_era_end_date
from numbered
group by person_id, ingredient_concept_id, unit_concept_id, dose, run, era;
