import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { fhirFiles } from "../../src/ingest/fhir-files.ts";
import { type MapToOmopOptions, mapToOmop } from "../../src/omop/map-to-omop.ts";
import { optionsHash } from "../../src/omop/options-hash.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { softwareVersion } from "../../src/version.ts";
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
  return {
    warnings,
    visit: await warehouse.row("select visit_concept_id as concept from cdm.visit_occurrence"),
    metadata: await warehouse.rows("from cdm.metadata order by name"),
    worklist: (await warehouse.rows("select display from mapping.unmapped")).map(({ display }) => display),
  };
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
  ["a visit", 9203, 9203, []],
  ["a disease", 201826, 0, ["Type 2 diabetes mellitus: no standard concept for it"]],
  ["nothing that the vocabulary knows", 99_999_999, 0, ["99999999: no standard concept for it"]],
])("an encounter class may be said to be %s", async (_, said, concept, worklist) => {
  expect(await mapWith({ encounterClasses: { XX: said } })).toMatchObject({ visit: { concept }, worklist });
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

test("what is no time zone is refused", async () => {
  await expect(warningsOf({ timeZone: "+01:00" })).rejects.toThrow("timeZone: +01:00 is no time zone.");
});

test("periods beside those of ETL-Synthea are refused", async () => {
  await expect(warningsOf({ ruleset: "etl-synthea", observationPeriod: "gap548" })).rejects.toThrow(
    "observationPeriod: gap548 is none of ETL-Synthea's rules",
  );
});

test("cdm.metadata says by what the CDM was made, and the same every time", async () => {
  const options: MapToOmopOptions = { routing: "resource" };
  const { metadata } = await mapWith(options);
  const said = (name: string, value: string) =>
    expect.objectContaining({
      metadata_concept_id: 0,
      metadata_type_concept_id: 32880,
      name,
      value_as_string: value,
    });
  expect(metadata).toEqual([
    said("FHIR to OMOP guide", "2.0.0-ballot"),
    said("options", optionsHash(options)),
    said("software", `omopipe ${softwareVersion}`),
    said("vocabulary", expect.any(String)),
  ]);
  expect((await mapWith(options)).metadata).toEqual(metadata);
});

test("the hash of options is that of what they mean", async () => {
  await using folder = await openFolder();
  const select = "select null as source";
  const [one, copy, other] = await Promise.all([
    folder.write("one/condition.sql", select),
    folder.write("copy/condition.sql", select),
    folder.write("other/condition.sql", `${select} where false`),
  ]);
  const same: [MapToOmopOptions, MapToOmopOptions][] = [
    [{}, { routing: "domain", notes: true, sourceName: "clinic", concepts: undefined }],
    [
      { routing: "resource", codeSystems: { a: "A", b: "B" } },
      { codeSystems: { b: "B", a: "A" }, routing: "resource" },
    ],
    [{ extracts: [one] }, { extracts: [copy] }],
  ];
  for (const [left, right] of same) expect(optionsHash(left)).toBe(optionsHash(right));
  const hashes = [{}, { notes: false }, { routing: "resource" }, { extracts: [one] }, { extracts: [other] }] as const;
  expect(new Set(hashes.map(optionsHash)).size).toBe(hashes.length);
});
