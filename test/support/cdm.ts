import { openLanding } from "../../src/ingest/landing-tables.ts";
import { sqlText } from "../../src/warehouse/sql-text.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";

/** Rows by table name, schema and all. */
export type Rows = Readonly<Record<string, readonly object[]>>;

/** A warehouse in memory with these rows, and the tables of the mapping. */
export async function openCdm(rows: Rows, path = ":memory:"): Promise<Warehouse> {
  const warehouse = await openWarehouse(path);
  const mapping = new URL("../../src/omop/map-to-omop.ts", import.meta.url).href;
  await openLanding(warehouse);
  await warehouse.run(sqlText(mapping, "macros.sql") + sqlText(mapping, "mapping-schema.sql"));
  for (const [table, some] of Object.entries(rows)) await warehouse.append(table, some);
  return warehouse;
}

/** A row of cdm.person: a woman, born on 1 June 1950. */
export const person = (person_id: number, more: object = {}): object => ({
  person_id,
  gender_concept_id: 8532,
  year_of_birth: 1950,
  month_of_birth: 6,
  day_of_birth: 1,
  race_concept_id: 0,
  ethnicity_concept_id: 0,
  ...more,
});

/** A row of vocab.concept. */
export const concept = (concept_id: number, vocabulary_id: string, concept_code: string): object => ({
  concept_id,
  concept_name: `${vocabulary_id} ${concept_code}`,
  domain_id: "any",
  vocabulary_id,
  concept_class_id: "any",
  concept_code,
  valid_start_date: "1970-01-01",
  valid_end_date: "2099-12-31",
});

/** What the code of an event came to: concepts, 0 where there is none, and the code as it was sent. */
export interface Coded {
  readonly concept?: number;
  readonly source?: number;
  readonly value?: string | null;
}

let rows = 0;

/** A row of cdm.condition_occurrence. */
export const condition = (person_id: number, day: string, { concept = 0, source = 0, value }: Coded): object => ({
  condition_occurrence_id: ++rows,
  person_id,
  condition_concept_id: concept,
  condition_start_date: day,
  condition_type_concept_id: 0,
  condition_source_concept_id: source,
  condition_source_value: value,
});

/** A row of cdm.procedure_occurrence. */
export const procedure = (person_id: number, day: string, { concept = 0, source = 0, value }: Coded): object => ({
  procedure_occurrence_id: ++rows,
  person_id,
  procedure_concept_id: concept,
  procedure_date: day,
  procedure_type_concept_id: 0,
  procedure_source_concept_id: source,
  procedure_source_value: value,
});

/** A row of cdm.drug_exposure. */
export const drug = (person_id: number, day: string, { concept = 0, source = 0, value }: Coded): object => ({
  drug_exposure_id: ++rows,
  person_id,
  drug_concept_id: concept,
  drug_exposure_start_date: day,
  drug_exposure_end_date: day,
  drug_type_concept_id: 0,
  drug_source_concept_id: source,
  drug_source_value: value,
});

/** A row of cdm.measurement; `more` holds value and range. */
export const measurement = (
  person_id: number,
  day: string,
  { concept = 0, source = 0, value }: Coded,
  more: object = {},
): object => ({
  measurement_id: ++rows,
  person_id,
  measurement_concept_id: concept,
  measurement_date: day,
  measurement_type_concept_id: 0,
  measurement_source_concept_id: source,
  measurement_source_value: value,
  ...more,
});
