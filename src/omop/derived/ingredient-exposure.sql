-- Drug exposures by ingredient, one row an exposure and ingredient: what drug eras and dose eras are made of.
--
-- Ingredients are the standard ones of RxNorm and RxNorm Extension; CONCEPT_ANCESTOR says which drugs hold them, and a drug
-- that is an ingredient itself needs no row there. Concept 0 holds none. A negative days_supply is an error of the source,
-- and its exposure is left out; an end before the start counts as the start.
-- Rule: the first step of OHDSI's drug era script (CommonDataModel, "SQL Scripts"; ETL-CMS, non-stockpile).

create or replace temp view ingredient_exposure as
with ingredient as (
    select concept_id
    from vocab.concept
    where vocabulary_id in ('RxNorm', 'RxNorm Extension') and concept_class_id = 'Ingredient' and standard_concept = 'S'
),

ingredient_of_drug as (
    select descendant_concept_id as drug_concept_id, ancestor_concept_id as ingredient_concept_id
    from vocab.concept_ancestor
    where
        ancestor_concept_id in (select concept_id from ingredient)
        and descendant_concept_id in (select drug_concept_id from cdm.drug_exposure)
    union
    select concept_id, concept_id
    from ingredient
)

select
    person_id,
    drug_concept_id,
    ingredient_concept_id,
    quantity,
    days_supply,
    drug_exposure_start_date as start_date,
    greatest(
        drug_exposure_start_date,
        coalesce(
            drug_exposure_end_date,
            drug_exposure_start_date + nullif(days_supply, 0)::integer,
            drug_exposure_start_date + 1
        )
    ) as end_date
from cdm.drug_exposure
join ingredient_of_drug using (drug_concept_id)
where coalesce(days_supply, 0) >= 0;
