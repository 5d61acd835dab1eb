import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { omopipe } from "../support/command.ts";
import { openFolder } from "../support/folder.ts";
import { projectFile } from "../support/sources.ts";

const csv = projectFile("sample-data/csv");
const vocabulary = projectFile("sample-data/vocabulary");

describe("omopipe csv profile", { timeout: 60_000 }, () => {
  test("prints a table a file, and nothing of a patient", async () => {
    const { code, stdout, stderr } = await omopipe(["csv", "profile", csv, "--vocabulary", vocabulary]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/conditions\.csv: 116 rows, separated by comma$/m);
    expect(stdout).toMatch(/^BIRTHDATE +date +100 % +all +10 +%Y-%m-%d$/m);
    expect(stdout).toMatch(/^CODE +code +100 % +\d+ +\d+ +CVX \(100 % found\)/m);
    expect(stdout).toContain("look through this before you pass it on");
    expect(stdout).not.toMatch(/Sample|\d{4}-\d{2}-\d{2}/);
  });

  test("prints JSON", async () => {
    const { code, stdout } = await omopipe(["csv", "profile", join(csv, "patients.csv"), "--format", "json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([{ name: "patients.csv", rows: 25 }]);
  });

  test("prints the draft of a mapping, which etl takes as it is", async () => {
    const folder = await openFolder();
    onTestFinished(() => folder[Symbol.asyncDispose]());
    const draft = await omopipe(["csv", "profile", csv, "--format", "mapping"]);
    const mapping = await folder.write("draft.yaml", draft.stdout);
    const warehouse = folder.file("warehouse.duckdb");
    const etl = await omopipe([
      "etl",
      csv,
      "--csv-mapping",
      mapping,
      "--vocabulary",
      vocabulary,
      "--warehouse",
      warehouse,
    ]);
    expect(etl).toMatchObject({ code: 0 });
    expect(etl.stdout).toMatch(/^person +25$/m);
  });

  test("says which file or format there is not", async () => {
    expect(await omopipe(["csv", "profile", "no-such-folder"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("no-such-folder does not exist"),
    });
    expect(await omopipe(["csv", "profile", csv, "--format", "xml"])).toMatchObject({ code: 2 });
  });
});

test("omopipe etl --ruleset etl-synthea", { timeout: 60_000 }, async () => {
  const folder = await openFolder();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  const etl = await omopipe([
    ...["etl", csv, "--csv-mapping", "synthea", "--vocabulary", vocabulary],
    ...["--warehouse", folder.file("warehouse.duckdb"), "--ruleset", "etl-synthea"],
  ]);
  expect(etl).toMatchObject({ code: 0 });
  const rows = (table: string) => Number(new RegExp(`^${table} +(\\d+)$`, "m").exec(etl.stdout)![1]);
  expect(rows("visit_detail")).toBe(rows("visit_occurrence"));
  expect(rows("visit_occurrence")).toBeLessThan(261);
});
