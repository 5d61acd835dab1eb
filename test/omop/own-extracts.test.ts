import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fhirFiles } from "../../src/ingest/fhir-files.ts";
import { mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";
import { condition, lines, patient } from "../ingest/intake.ts";
import { type Folder, openFolder } from "../support/folder.ts";

const builtIn = readFileSync(new URL("../../src/omop/fhir/condition.sql", import.meta.url), "utf8");

/** Maps a patient with a cough under extracts of the user's own. */
async function mapWith(folder: Folder, warehouse: Warehouse, ...extracts: string[]) {
  const input = await folder.write("in/all.ndjson", lines(patient("p"), condition("c")));
  return await pipeline(fhirFiles(input), mapToOmop({ noVocabulary: true, extracts })).run(warehouse);
}

test("an extract takes the place of the built-in one of its name", async () => {
  await using folder = await openFolder();
  await using warehouse = await openWarehouse(":memory:");
  const extract = await folder.write("condition.sql", builtIn.replace("'condition_occurrence'", "'observation'"));

  const { tables } = await mapWith(folder, warehouse, extract);

  expect(tables).toMatchObject({ person: 1, observation: 1 });
  expect(tables).not.toHaveProperty("condition_occurrence");
});

test("an extract of another name is one more", async () => {
  await using folder = await openFolder();
  await using warehouse = await openWarehouse(":memory:");
  const again = builtIn.replace("0 as part", "1 as part").replace("'condition_occurrence'", "'observation'");

  const { tables } = await mapWith(folder, warehouse, await folder.write("condition.event.sql", again));

  expect(tables).toMatchObject({ condition_occurrence: 1, observation: 1 });
  expect(await warehouse.rows("select distinct resource_type, resource_id from mapping.lineage order by all")).toEqual([
    { resource_type: "Condition", resource_id: "c" },
    { resource_type: "Patient", resource_id: "p" },
  ]);
});

test.each([
  ["is not there", "missing.sql", undefined, /The extract .*missing\.sql cannot be read/],
  ["has no known shape", "condition.cloud.sql", builtIn, /condition\.cloud\.sql is no name for an extract/],
  ["is no SQL file", "condition.txt", builtIn, /condition\.txt is no name for an extract/],
  [
    "does not run",
    "condition.sql",
    "select nothing from nowhere",
    /The extract .*condition\.sql cannot be used: .*nowhere/s,
  ],
  [
    "gives a column that no event has",
    "condition.sql",
    `select *, 1 as colour from (${builtIn})`,
    /condition\.sql gives colour, which event_shape does not have/,
  ],
])("an extract that %s is refused, and the CDM stays", async (_, name, content, message) => {
  await using folder = await openFolder();
  await using warehouse = await openWarehouse(":memory:");
  await mapWith(folder, warehouse);
  const extract = content === undefined ? folder.file(name) : await folder.write(name, content);

  await expect(mapWith(folder, warehouse, extract)).rejects.toThrow(message);

  expect(await warehouse.row("select count(*) as conditions from cdm.condition_occurrence")).toEqual({ conditions: 1 });
});
