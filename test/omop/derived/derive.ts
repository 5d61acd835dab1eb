import { readFileSync } from "node:fs";
import { openLanding } from "../../../src/ingest/landing-tables.ts";
import { sqlText } from "../../../src/warehouse/sql-text.ts";
import type { Row } from "../../../src/warehouse/values.ts";
import { openWarehouse, type Warehouse } from "../../../src/warehouse/warehouse.ts";

/** An occurrence of a condition. Left out: person 1, concept 1, no end. */
export interface Occurrence {
  readonly person?: number;
  readonly concept?: number;
  readonly start: string;
  readonly end?: string | null;
}

/** An exposure to a drug of `vocabulary.json`. Left out: person 1, tablets of 500 mg of alpha, the rest unknown. */
export interface Exposure {
  readonly person?: number;
  readonly drug?: string;
  readonly start: string;
  readonly end?: string | null;
  readonly quantity?: number | null;
  readonly days_supply?: number | null;
}

export interface ConditionEra {
  readonly person: number;
  readonly concept: number;
  readonly start: string;
  readonly end: string;
  readonly count: number;
}

export interface DrugEra {
  readonly person: number;
  readonly ingredient: string;
  readonly start: string;
  readonly end: string;
  readonly count: number;
  readonly gap_days: number;
}

export interface DoseEra {
  readonly person: number;
  readonly ingredient: string;
  readonly dose: number;
  readonly unit: string;
  readonly start: string;
  readonly end: string;
}

/** An era as it was found, with its id. */
export type Found<Era> = Era & { readonly id: number };

/** A file beside this one. */
export function readData<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));
}

interface Vocabulary {
  readonly concepts: readonly {
    id: number;
    name: string;
    vocabulary: string;
    class: string;
    standard: string | null;
  }[];
  readonly ancestors: readonly { ancestor: string; descendant: string }[];
  readonly strengths: readonly {
    drug: string;
    ingredient: string;
    amount?: [number | null, string];
    numerator?: [number, string];
    denominator?: [number | null, string];
    box_size?: number;
    invalid_reason?: string;
  }[];
}

const vocabulary = readData<Vocabulary>("vocabulary.json");
const idOf = new Map(vocabulary.concepts.map(({ id, name }) => [name, id]));
const concept = (name: string) => {
  const id = idOf.get(name);
  if (id === undefined) throw new Error(`vocabulary.json has no concept "${name}"`);
  return id;
};

/** A warehouse with the concepts, ancestors and, if wanted, strengths of `vocabulary.json`, and no events. */
export async function openForEras({ strengths = true } = {}): Promise<Warehouse> {
  const warehouse = await openWarehouse(":memory:");
  await openLanding(warehouse);
  await run(warehouse, "macros.sql");
  await run(warehouse, "mapping-schema.sql");
  // As in a CDM from elsewhere. Ours always has an end, so the rule for rows without one would not be seen at work.
  await warehouse.run("alter table cdm.drug_exposure alter drug_exposure_end_date drop not null");
  const valid = { valid_start_date: "1970-01-01", valid_end_date: "2099-12-31" };
  await warehouse.append(
    "vocab.concept",
    vocabulary.concepts.map(({ id, name, vocabulary, standard, class: conceptClass }) => ({
      concept_id: id,
      concept_name: name,
      concept_code: name,
      domain_id: "Drug",
      vocabulary_id: vocabulary,
      concept_class_id: conceptClass,
      standard_concept: standard,
      ...valid,
    })),
  );
  const holds = new Map(vocabulary.strengths.map(({ drug, ingredient }) => [drug + ingredient, [ingredient, drug]]));
  await warehouse.append(
    "vocab.concept_ancestor",
    [...vocabulary.ancestors.map(({ ancestor, descendant }) => [ancestor, descendant]), ...holds.values()].map(
      ([ancestor, descendant]) => ({
        ancestor_concept_id: concept(ancestor!),
        descendant_concept_id: concept(descendant!),
        min_levels_of_separation: 1,
        max_levels_of_separation: 1,
      }),
    ),
  );
  if (strengths) {
    await warehouse.append(
      "vocab.drug_strength",
      vocabulary.strengths.map(({ drug, ingredient, amount, numerator, denominator, ...more }) => ({
        drug_concept_id: concept(drug),
        ingredient_concept_id: concept(ingredient),
        amount_value: amount?.[0],
        amount_unit_concept_id: amount && concept(amount[1]),
        numerator_value: numerator?.[0],
        numerator_unit_concept_id: numerator && concept(numerator[1]),
        denominator_value: denominator?.[0],
        denominator_unit_concept_id: denominator && concept(denominator[1]),
        ...more,
        ...valid,
      })),
    );
  }
  return warehouse;
}

/** The eras of these occurrences, by person, concept and start. */
export async function conditionEras(
  warehouse: Warehouse,
  occurrences: readonly Occurrence[],
): Promise<Found<ConditionEra>[]> {
  const rows = occurrences.map(({ person = 1, concept = 1, start, end = null }, i) => ({
    condition_occurrence_id: i + 1,
    person_id: person,
    condition_concept_id: concept,
    condition_start_date: start,
    condition_end_date: end,
    condition_type_concept_id: 32817,
  }));
  await replace(warehouse, "condition_occurrence", rows);
  await replace(warehouse, "condition_era", []);
  await run(warehouse, "derived/condition-era.sql");
  return await warehouse.rows(
    `select condition_era_id as id, person_id as person, condition_concept_id as concept,
       condition_era_start_date as start, condition_era_end_date as "end", condition_occurrence_count as count
     from cdm.condition_era order by 2, 3, 4`,
  );
}

/** The drug eras of these exposures, by person, ingredient and start. */
export async function drugEras(warehouse: Warehouse, exposures: readonly Exposure[]): Promise<Found<DrugEra>[]> {
  await expose(warehouse, exposures);
  await replace(warehouse, "drug_era", []);
  await run(warehouse, "derived/drug-era.sql");
  return await warehouse.rows(
    `select drug_era_id as id, person_id as person, concept_name as ingredient, drug_era_start_date as start,
       drug_era_end_date as "end", drug_exposure_count as count, gap_days
     from cdm.drug_era left join vocab.concept on concept_id = drug_concept_id order by 2, 3, 4`,
  );
}

/** The dose eras of these exposures, by person, ingredient, start and dose. */
export async function doseEras(warehouse: Warehouse, exposures: readonly Exposure[]): Promise<Found<DoseEra>[]> {
  await expose(warehouse, exposures);
  await replace(warehouse, "dose_era", []);
  await run(warehouse, "derived/dose-era.sql");
  return await warehouse.rows(
    `select dose_era_id as id, person_id as person, ingredient.concept_name as ingredient, dose_value as dose,
       unit.concept_code as unit, dose_era_start_date as start, dose_era_end_date as "end"
     from cdm.dose_era
     left join vocab.concept ingredient on ingredient.concept_id = drug_concept_id
     left join vocab.concept unit on unit.concept_id = unit_concept_id
     order by 2, 3, 6, 4`,
  );
}

async function expose(warehouse: Warehouse, exposures: readonly Exposure[]): Promise<void> {
  const rows = exposures.map(({ person = 1, drug = "alpha 500 MG Oral Tablet", start, end = null, ...more }, i) => ({
    drug_exposure_id: i + 1,
    person_id: person,
    drug_concept_id: concept(drug),
    drug_exposure_start_date: start,
    drug_exposure_end_date: end,
    drug_type_concept_id: 32817,
    ...more,
  }));
  await replace(warehouse, "drug_exposure", rows);
  await run(warehouse, "derived/ingredient-exposure.sql");
}

async function replace(warehouse: Warehouse, table: string, rows: readonly Row[]): Promise<void> {
  await warehouse.run(`delete from cdm.${table}`);
  await warehouse.append(`cdm.${table}`, rows);
}

async function run(warehouse: Warehouse, file: string): Promise<void> {
  await warehouse.run(sqlText(new URL("../../../src/omop/", import.meta.url).href, file));
}
