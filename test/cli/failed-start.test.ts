import { expect, test } from "vitest";
import { openWarehouse } from "../../src/warehouse/warehouse.ts";
import { lines, patient } from "../ingest/intake.ts";
import { omopipe } from "../support/command.ts";
import { openFolder } from "../support/folder.ts";

test("a run that fails before anything was written leaves no warehouse behind", { timeout: 60_000 }, async () => {
  await using folder = await openFolder();
  const file = folder.file("warehouse.duckdb");
  const { code, stderr } = await omopipe(["etl", folder.file("none"), "--warehouse", file, "--no-vocabulary"]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("does not exist")]);
  expect(await folder.list()).toEqual([]);
});

test("a warehouse that was there before stays, however empty it is", { timeout: 60_000 }, async () => {
  await using folder = await openFolder();
  const file = folder.file("warehouse.duckdb");
  await (await openWarehouse(file)).close();
  const { code } = await omopipe(["etl", folder.file("none"), "--warehouse", file, "--no-vocabulary"]);
  expect(code).toBe(1);
  expect(await folder.list()).toEqual(["warehouse.duckdb"]);
});

test("what has landed stays where mapping fails", { timeout: 60_000 }, async () => {
  await using folder = await openFolder();
  const file = folder.file("warehouse.duckdb");
  const input = await folder.write("in/all.ndjson", lines(patient("p")));
  await folder.write("basic.sql", "no SQL at all");
  const overrides = await folder.write("overrides.yaml", "extracts: [basic.sql]\n");
  const { code } = await omopipe(["etl", input, "--warehouse", file, "--no-vocabulary", "--overrides", overrides]);
  expect(code).toBe(2);
  await using warehouse = await openWarehouse(file, { readOnly: true });
  expect(await warehouse.rows("select id from landing.patient")).toEqual([{ id: "p" }]);
});
