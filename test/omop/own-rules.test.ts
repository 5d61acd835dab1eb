import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { fhirFiles } from "../../src/ingest/fhir-files.ts";
import { type MapToOmopOptions, mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { openWarehouse } from "../../src/warehouse/warehouse.ts";
import { lines, patient } from "../ingest/intake.ts";
import { openFolder } from "../support/folder.ts";

const vocabulary = fileURLToPath(new URL("vocabulary", import.meta.url));

/** Maps a patient with a visit of class XX, and gives what the user is told. */
async function warningsOf(options: MapToOmopOptions): Promise<string[]> {
  return (await mapWith(options)).warnings;
}

async function mapWith(options: MapToOmopOptions) {
  await using folder = await openFolder();
  await using warehouse = await openWarehouse(":memory:", { vocabulary });
  const input = await folder.write("all.ndjson", lines(patient("p"), visit));
  const warnings: string[] = [];
  await pipeline(fhirFiles(input), mapToOmop(options)).run(warehouse, {
    onProgress: ({ message }) => message !== undefined && warnings.push(message),
  });
  return { warnings, visit: await warehouse.row("select visit_concept_id as concept from cdm.visit_occurrence") };
}

const visit = {
  resourceType: "Encounter",
  id: "v",
  status: "finished",
  class: { code: "XX" },
  subject: { reference: "Patient/p" },
  period: { start: "2020-01-01" },
};

test.each([
  ["a visit", 9203, 9203],
  ["a disease", 201826, 0],
  ["nothing that the vocabulary knows", 99_999_999, 0],
])("an encounter class may be said to be %s", async (_, said, concept) => {
  expect((await mapWith({ encounterClasses: { XX: said } })).visit).toEqual({ concept });
});

test("an encounter class that leads to no visit is named", async () => {
  expect(await warningsOf({ encounterClasses: { unknown: 99_999_999, disease: 201826, AMB: 9203 } })).toEqual([
    "Not known are the encounter classes XX: their visits (1) have no concept. Say with encounterClasses (--overrides) which visits they are.",
    "encounterClasses: 201826, for disease, is no standard concept of a visit.",
    "encounterClasses: 99999999, for unknown, is no standard concept of a visit.",
  ]);
});

test("statuses of what is no resource type are refused", async () => {
  await expect(warningsOf({ droppedStatuses: { Encouter: ["planned"] } })).rejects.toThrow(
    /droppedStatuses: Encouter is no resource type with a status filter\. There are: .*Encounter/,
  );
});

test("a status that FHIR does not have is refused", async () => {
  await expect(warningsOf({ droppedStatuses: { Encounter: ["planned", "canceled"] } })).rejects.toThrow(
    "droppedStatuses: canceled is no status of Encounter. There are: planned, arrived,",
  );
});
