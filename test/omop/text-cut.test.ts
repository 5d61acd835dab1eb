import { expect, test } from "vitest";
import { fhirFiles } from "../../src/ingest/fhir-files.ts";
import { mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { type Intake, openIntake } from "../ingest/intake.ts";

const patient = { resourceType: "Patient", id: "p", birthDate: "1950-06-01", address: [{ city: "Boston" }] };
const observation = (id: string, text: string) => ({
  resourceType: "Observation",
  id,
  status: "final",
  code: { text: "said" },
  subject: { reference: "Patient/p" },
  effectiveDateTime: "2019-03-01",
  valueString: text,
});

async function map(intake: Intake, ...resources: readonly object[]) {
  await intake.write("all.ndjson", resources.map((resource) => JSON.stringify(resource)).join("\n"));
  const warnings: string[] = [];
  await pipeline(fhirFiles(intake.folder), mapToOmop({ noVocabulary: true })).run(intake.warehouse, {
    onProgress: ({ state, message }) => {
      if (state === "warning" && message) warnings.push(message);
    },
  });
  return warnings.join("\n");
}

test("texts longer than their columns are cut, counted by column, and warned of", async () => {
  await using intake = await openIntake();
  const warnings = await map(
    intake,
    patient,
    observation("fits", "é".repeat(50)),
    observation("long", "é".repeat(55)),
    observation("longer", "é".repeat(1000)),
  );
  expect(await intake.warehouse.rows("select * exclude (person_id) from mapping.text_cut order by all")).toEqual([
    { cdm_table: "observation", cdm_column: "value_as_string", length: 60, rows: 1 },
    { cdm_table: "observation", cdm_column: "value_source_value", length: 50, rows: 2 },
  ]);
  expect(
    await intake.warehouse.rows(
      `select length(value_as_string) as string, length(value_source_value) as source from cdm.observation order by all`,
    ),
  ).toEqual([
    { string: 50, source: 50 },
    { string: 55, source: 50 },
    { string: 60, source: 50 },
  ]);
  expect(warnings).toContain(
    "3 texts were longer than their columns and were cut, most of them in observation.value_source_value",
  );
});

test("where nothing is cut nothing is said", async () => {
  await using intake = await openIntake();
  const warnings = await map(intake, patient, observation("fits", "short"));
  expect(await intake.warehouse.rows("from mapping.text_cut")).toEqual([]);
  expect(warnings).not.toContain("cut");
});
