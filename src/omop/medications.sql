-- What the four resources about medication share. Rules: docs/mapping.md#medication.

create or replace macro mapping.has_code(concept) as len(list_filter(concept.coding, lambda coding: coding.code <> '')) > 0;

create or replace macro mapping.contained_in(contained, reference) as
    list_filter(contained, lambda resource: '#' || resource.id = reference)[1];

create or replace macro mapping.code_of_ingredient(ingredient, contained) as
    case
        when ingredient."isActive" is distinct from false
        then coalesce(
            ingredient."itemCodeableConcept",
            ingredient.item.concept,
            mapping.contained_in(contained, coalesce(ingredient."itemReference".reference, ingredient.item.reference.reference)).code
        )
    end;

-- The drugs of a Medication: itself where it has a code, else its ingredients that have one, numbered as they come. Words
-- count where there is no code, those of the Medication before those of its ingredients.
create or replace macro mapping.drugs_of(code, ingredients, contained) as
    case
        when mapping.has_code(code) then [{'part': 0, 'code': code}]
        else coalesce(
            nullif(
                list_filter(
                    list_transform(
                        ingredients,
                        lambda ingredient, i: {'part': i::integer, 'code': mapping.code_of_ingredient(ingredient, contained)}
                    ),
                    lambda drug: mapping.has_code(drug.code) or (code.text is null and drug.code.text <> '')
                ),
                []
            ),
            [{'part': 0, 'code': code}]
        )
    end;

-- The records of a landing table with how they name their drug: by a code, or by a name such as 'Medication/1', or for one
-- inside the record 'MedicationRequest/2#drug'; and what they call it in words.
create or replace macro mapping.naming_drugs(resource_type, records) as table
select
    *,
    coalesce("medicationCodeableConcept", medication.concept) as own_code,
    coalesce("medicationReference", medication.reference).reference as drug_reference,
    coalesce("medicationReference", medication.reference).display as drug_words,
    case
        when own_code is not null then null
        when drug_reference[1:1] = '#' then resource_type || '/' || id || drug_reference
        else 'Medication/' || landing.reference_to(drug_reference, 'Medication')
    end as drug_name
from query_table(records);

-- Those of them that hold their drug themselves.
create or replace macro mapping.holding_drugs(resource_type, records) as table
select landing_source as source, drug_name as name, drug_reference, contained
from mapping.naming_drugs(resource_type, records)
where contains(drug_name, '#');

-- Every drug that records name otherwise than by a code. Several of one name are the ingredients of a mixture.
create or replace temp table named_drug as
with holding as (
    from mapping.holding_drugs('MedicationRequest', 'landing.medication_request')
    union all
    from mapping.holding_drugs('MedicationDispense', 'landing.medication_dispense')
    union all
    from mapping.holding_drugs('MedicationAdministration', 'landing.medication_administration')
    union all
    from mapping.holding_drugs('MedicationStatement', 'landing.medication_statement')
),

medication as (
    select landing_source as source, 'Medication/' || id as name, code, ingredient, batch, contained
    from landing.medication
    union all
    select source, name, held.code, held.ingredient, held.batch, contained
    from (select source, name, contained, mapping.contained_in(contained, drug_reference) as held from holding)
),

drugs as (
    select source, name, unnest(mapping.drugs_of(code, ingredient, contained)) as drug, batch."lotNumber" as lot_number
    from medication
)

select source, name, drug.part as part, drug.code as code, lot_number
from drugs;

-- The records of a landing table, once for each drug that they name.
create or replace temp macro with_drugs(resource_type, records) as table
select record.*, coalesce(drug.part, 0) as part, coalesce(record.own_code, drug.code, {'coding': null, 'text': record.drug_words}) as code, drug.lot_number
from mapping.naming_drugs(resource_type, records) record
left join named_drug drug on drug.source = record.landing_source and drug.name = record.drug_name;
