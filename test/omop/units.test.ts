import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import type { CsvMappingInput } from "../../schemas/csv-mapping.ts";
import { csvFiles } from "../../src/ingest/csv-files.ts";
import { fhirFiles } from "../../src/ingest/fhir-files.ts";
import { mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";
import { type Intake, lines, openIntake, patient, weight } from "../ingest/intake.ts";
import { writeVocabulary } from "../support/vocabulary-rows.ts";

const vocabulary = fileURLToPath(new URL("../../sample-data/vocabulary", import.meta.url));
const system = "http://unitsofmeasure.org";

/** The unit of each Observation or row, by its value: 1, 2, 3 … */
const unitsOf = (warehouse: Warehouse) =>
  warehouse.rows<{ concept: number | null; sourceConcept: number | null; written: string | null }>(
    `select unit_concept_id as concept, unit_source_concept_id as "sourceConcept", unit_source_value as written
     from cdm.measurement order by value_as_number`,
  );

describe("the unit of an Observation", () => {
  const cases: readonly [name: string, quantity: object, concept: number, written: string, status: string][] = [
    ["the concept with its code", { system, code: "mm[Hg]", unit: "mmHg" }, 8876, "mm[Hg]", "ALREADY_STANDARD"],
    ["the concept that spells it otherwise", { system, code: "U/L", unit: "units" }, 8645, "U/L", "MAPPED"],
    ["the same by UCUM", { system, code: "mL/min/{1.73_m2}" }, 720870, "mL/min/{1.73_m2}", "MAPPED"],
    ["of the same size", { system, code: "10*9/L" }, 8848, "10*9/L", "MAPPED"],
    ["an alias", { system, code: "{score}" }, 44777566, "{score}", "MAPPED"],
    ["read from words, where it has no code", { unit: "mmHg" }, 8876, "mmHg", "MAPPED"],
    ["read from words that are the code", { unit: "mg/dL" }, 8840, "mg/dL", "MAPPED"],
    ["read from words, where UCUM is named without code", { system, unit: "x10^3/uL" }, 8848, "x10^3/uL", "MAPPED"],
    ["degrees Celsius, where words say no more than C", { system, unit: "C" }, 586323, "C", "MAPPED"],
    ["read from a code without system", { code: "mIU/L" }, 9040, "mIU/L", "MAPPED"],
    ["0 for a code of another system", { system: "http://example.org/units", code: "mg/l" }, 0, "mg/l", "UNMAPPED"],
    ["0 for another magnitude: no value is rescaled", { system, code: "kU/L" }, 0, "kU/L", "UNMAPPED"],
    ["0 where only a count is known", { system, code: "{nominal}", unit: "%" }, 0, "{nominal}", "UNMAPPED"],
    ["0 for words that no one knows", { unit: "handfuls" }, 0, "handfuls", "UNMAPPED"],
  ];
  let intake: Intake;
  beforeAll(async () => {
    intake = await openIntake(vocabulary);
    const observations = cases.map(([, quantity], i) => weight(`o${i}`, { valueQuantity: { value: i, ...quantity } }));
    await intake.write("a.ndjson", lines(patient("p"), ...observations));
    await intake.land();
  });
  afterAll(() => intake[Symbol.asyncDispose]());

  test.each(cases.map(([name], i) => [name, i] as const))("is %s", async (_, i) => {
    const [, , concept, written, status] = cases[i]!;
    expect((await unitsOf(intake.warehouse))[i]).toEqual({ concept, sourceConcept: concept, written });
    const mapping = await intake.warehouse.row(
      `select status, records from mapping.code_mapping
       where role = 'unit' and source_value = '${written}' and concept_id = ${concept} and status = '${status}'`,
    );
    expect(mapping).toEqual({ status, records: 1 });
  });

  it("is what the vocabulary says replaced it, before what is equal to it", async () => {
    await using other = await openIntake(vocabulary);
    await other.write(
      "in/a.ndjson",
      lines(patient("p"), weight("o", { valueQuantity: { value: 1, system, code: "U/L" } })),
    );
    await other.land(`${other.folder}/in`);
    expect(await unitsOf(other.warehouse)).toEqual([{ concept: 8645, sourceConcept: 8645, written: "U/L" }]);

    const unit = { domain_id: "Unit", vocabulary_id: "UCUM", concept_class_id: "Unit" };
    const own = await writeVocabulary(`${other.folder}/own`, {
      concept: [{ ...unit, concept_id: 1, concept_name: "old unit", concept_code: "U/L", invalid_reason: "U" }],
      concept_relationship: [{ concept_id_1: 1, concept_id_2: 8753, relationship_id: "Concept replaced by" }],
    });
    await using warehouse = await openWarehouse(":memory:", { vocabulary: [vocabulary, ...own] });
    await pipeline(fhirFiles(`${other.folder}/in`), mapToOmop()).run(warehouse);
    expect(await unitsOf(warehouse)).toEqual([{ concept: 8753, sourceConcept: 1, written: "U/L" }]);
  });
});

describe("the unit of a row of a CSV file", () => {
  const files: CsvMappingInput["files"] = {
    "people.csv": { person: { id: "id", birthDate: "born", gender: "sex" } },
    "labs.csv": {
      events: [
        {
          kind: "observation",
          person: "who",
          code: "code",
          system: "http://loinc.org",
          start: "day",
          value: "value",
          unit: "unit",
        },
      ],
    },
  };

  it("is read as it is written", async () => {
    await using intake = await openIntake(vocabulary);
    await intake.write("people.csv", "id,born,sex\np1,1950-06-01,F\n");
    const labs = ["1,U/L", "2,mmHg", "3,MG/DL", "4,kU/L", "5,", "6,mg/dL"].map(
      (rest) => `p1,29463-7,2020-01-01,${rest}\n`,
    );
    await intake.write("labs.csv", `who,code,day,value,unit\n${labs.join("")}`);
    await pipeline(csvFiles(intake.folder, { mapping: { name: "test", files } }), mapToOmop()).run(intake.warehouse);
    expect(await unitsOf(intake.warehouse)).toEqual([
      { concept: 8645, sourceConcept: 8645, written: "U/L" },
      { concept: 8876, sourceConcept: 8876, written: "mmHg" },
      { concept: 8840, sourceConcept: 8840, written: "MG/DL" },
      { concept: 0, sourceConcept: 0, written: "kU/L" },
      { concept: null, sourceConcept: null, written: null },
      { concept: 8840, sourceConcept: 8840, written: "mg/dL" },
    ]);
  });
});
