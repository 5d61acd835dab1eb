import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formats, generate } from "../../sample-data/generator/generate.ts";
import { csvFiles } from "../../src/ingest/csv-files.ts";
import { fhirFiles } from "../../src/ingest/fhir-files.ts";
import { mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";
import { type Folder, openFolder, vocabularyCache } from "../support/folder.ts";
import { projectFile } from "../support/sources.ts";

let folder: Folder;
let warehouse: Warehouse;

beforeAll(async () => {
  folder = await openFolder();
  await generate({ patients: 60, seed: 4, out: folder.path, formats });
  warehouse = await openWarehouse(":memory:", { vocabulary: projectFile("sample-data/vocabulary"), vocabularyCache });
  await pipeline(
    fhirFiles(folder.file("fhir/ndjson"), { source: "fhir" }),
    csvFiles(folder.file("csv"), { mapping: "synthea", source: "csv" }),
    mapToOmop(),
  ).run(warehouse);
});
afterAll(async () => {
  await warehouse.close();
  await folder[Symbol.asyncDispose]();
});

/** What is compared of each table: all that the CSV layout can say (sample-data/README.md has what it cannot). */
const compared: [table: string, columns: string, among?: string][] = [
  ["person", "gender_concept_id, birth_datetime, ethnicity_concept_id"],
  // The layout has no second race.
  ["person", "race_concept_id, race_source_value", "race_concept_id not in (0, 1546847)"],
  ["death", "death_date, death_type_concept_id"],
  [
    "visit_occurrence",
    "visit_concept_id, visit_start_datetime, visit_end_datetime, visit_type_concept_id, preceding_visit_occurrence_id is null",
  ],
  [
    "condition_occurrence",
    "condition_concept_id, condition_source_value, condition_source_concept_id, condition_start_date, condition_start_datetime, condition_end_date",
  ],
  [
    "drug_exposure",
    "drug_concept_id, drug_source_value, drug_exposure_start_datetime, drug_exposure_end_date, refills",
  ],
  [
    "procedure_occurrence",
    "procedure_concept_id, procedure_source_value, procedure_type_concept_id, procedure_datetime, procedure_end_datetime",
  ],
  [
    "measurement",
    `measurement_concept_id, measurement_source_value, measurement_type_concept_id, measurement_date, value_as_number,
     operator_concept_id, unit_concept_id, unit_source_value`,
  ],
  [
    "observation",
    "observation_concept_id, observation_source_value, observation_date, value_as_number, unit_concept_id",
    // Each race of a person who has several is observed.
    "observation_source_value is not null",
  ],
];

describe("the same patients as CSV and as FHIR become the same rows", () => {
  test.each(compared)("%s: %s", async (table, columns, among?: string) => {
    const key = ["person", "death"].includes(table) ? "person_id" : `${table}_id`;
    const person = table === "person" ? "cdm.person" : `cdm.${table} join cdm.person using (person_id)`;
    const of = (source: string) =>
      warehouse.rows(
        `select person_source_value, ${columns}
         from ${person} join mapping.lineage on cdm_table = '${table}' and cdm_id = ${key}
         where source = '${source}' and ${among ?? "true"} order by all`,
      );
    const rows = await of("csv");
    expect(rows.length).toBeGreaterThan(5);
    expect(rows).toEqual(await of("fhir"));
  });

  test("each at the visit that it belongs to", async () => {
    for (const table of ["condition_occurrence", "drug_exposure", "procedure_occurrence", "measurement"]) {
      const of = (source: string) =>
        warehouse.rows(
          `select person_id is not null as known, visit_concept_id, visit_start_datetime, count(*) as rows
           from cdm.${table} left join cdm.visit_occurrence using (visit_occurrence_id, person_id)
           join mapping.lineage on cdm_table = '${table}' and cdm_id = ${table}_id
           where source = '${source}' group by all order by all`,
        );
      expect(await of("csv"), table).toEqual(await of("fhir"));
    }
  });

  test("and of what the CSV has, nothing is left out but the event of a stranger", async () => {
    const dropped = await warehouse.rows(
      "select resource_type, reason, count(*) as count from mapping.dropped where source = 'csv' group by all",
    );
    expect(dropped).toEqual([{ resource_type: "observations.csv", reason: "NO_PERSON", count: 3 }]);
  });
});
