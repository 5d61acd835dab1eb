import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { patientHistories } from "../../src/features/patient-histories.ts";
import { fhirFiles } from "../../src/ingest/fhir-files.ts";
import { mappedWarehouse, mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { createRunReport } from "../../src/quality/run-report.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";
import { booksOf, differences } from "../omop/books.ts";
import { type Folder, openFolder, vocabularyCache } from "../support/folder.ts";
import { projectFile } from "../support/sources.ts";

const kept = readdirSync(projectFile("test/warehouse/earlier")).filter((file) => file.endsWith(".gz"));
const vocabulary = projectFile("sample-data/vocabulary");
const bundles = (...numbers: readonly number[]) =>
  numbers.map((number) => projectFile(`sample-data/fhir/bundles/patient-000${number}.json`));

const unpack = (file: string, folder: Folder) =>
  folder.write("warehouse.duckdb", gunzipSync(readFileSync(projectFile(`test/warehouse/earlier/${file}`))));

async function load(warehouse: Warehouse, ...numbers: readonly number[]) {
  const filled = await pipeline(fhirFiles(bundles(...numbers)), mapToOmop()).run(warehouse);
  return await createRunReport(warehouse, filled);
}

/** The landing tables, and what is written down about the files but for their paths and times. */
async function landedIn(warehouse: Warehouse): Promise<unknown> {
  const tables = await warehouse.rows<{ name: string }>(
    `select table_name as name from duckdb_tables()
     where database_name = 'warehouse' and schema_name = 'landing' order by all`,
  );
  const all: Record<string, unknown> = {};
  for (const { name } of tables) {
    all[name] = [
      (await warehouse.columns(`landing.${name}`)).map((column) => `${column.name} ${column.type}`),
      await warehouse.rows(`select * exclude (landing_file) from landing.${name} order by landing_source, id`),
    ];
  }
  return all;
}

describe.each(kept)("a warehouse of an earlier release (%s)", (file) => {
  it("goes on as one that was always of this one", { timeout: 120_000 }, async () => {
    await using folder = await openFolder();
    await using earlier = await openWarehouse(await unpack(file, folder), { vocabulary, vocabularyCache });
    await using fresh = await openWarehouse(":memory:", { vocabulary, vocabularyCache });
    const report = await load(earlier, 4);
    await load(fresh, 1, 2, 3, 4);
    expect(report.resources.read).toBeGreaterThan(10);
    expect(await landedIn(earlier)).toEqual(await landedIn(fresh));
    expect(differences(await booksOf(earlier), await booksOf(fresh))).toEqual([]);
    expect(await earlier.rows("select status from meta.run order by started_at")).toEqual([
      { status: "done" },
      { status: "done" },
    ]);
  });

  it("has histories without being mapped anew", async () => {
    await using folder = await openFolder();
    await using earlier = await openWarehouse(await unpack(file, folder));
    const built = await pipeline(mappedWarehouse(), patientHistories({ asOf: "2026-01-01" })).run(earlier);
    expect(built).toMatchObject({ patients: 3, excluded: 0 });
  });

  it("is read as it is, and stays it", async () => {
    await using folder = await openFolder();
    const path = await unpack(file, folder);
    const before = readFileSync(path);
    {
      await using earlier = await openWarehouse(path, { readOnly: true });
      expect(await earlier.row("select count(*) as persons from cdm.person")).toEqual({ persons: 3 });
    }
    expect(readFileSync(path).equals(before)).toBe(true);
  });
});
