import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { formats, generate } from "../../sample-data/generator/generate.ts";
import { createLife } from "../../sample-data/generator/patient.ts";
import { resultOfChild } from "../support/child.ts";
import { bundlesOf, csvOf, filesIn, ndjsonOf, textOf } from "./read-sample.ts";

const committed = fileURLToPath(new URL("../../sample-data", import.meta.url));
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "omopipe-sample-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function textsIn(out: string): Promise<Record<string, string>> {
  const names = (await filesIn(out)).filter((name) => /^(fhir|csv)\//.test(name));
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await textOf(join(out, name))])));
}

describe("the generator", () => {
  test("writes the same files for the same seed, and others for another", async () => {
    const [one, same, other] = ["one", "same", "other"].map((name) => join(folder, name)) as [string, string, string];
    await generate({ patients: 12, seed: 7, out: one, formats });
    await generate({ patients: 12, seed: 7, out: same, formats });
    await generate({ patients: 12, seed: 8, out: other, formats });
    const texts = await textsIn(one);
    expect(Object.keys(texts)).toHaveLength(12 + 8 + 7);
    expect(await textsIn(same)).toEqual(texts);
    expect((await textsIn(other))["csv/patients.csv"]).not.toBe(texts["csv/patients.csv"]);
  });

  test("makes a patient the same whatever the number of others", async () => {
    await generate({ patients: 3, seed: 1, out: join(folder, "few"), formats });
    await generate({ patients: 9, seed: 1, out: join(folder, "many"), formats });
    const [few, many] = await Promise.all(["few", "many"].map((name) => textsIn(join(folder, name))));
    for (const [name, text] of Object.entries(few!)) expect(many![name]!.startsWith(text), name).toBe(true);
    expect(createLife(1, 3)).toEqual(createLife(1, 3));
  });

  test("made the files that are in the repository", async () => {
    await generate({ patients: 25, seed: 1, out: folder, formats });
    expect(await textsIn(committed)).toEqual(await textsIn(folder));
  });

  test("leaves no Bundle of an earlier, larger run", async () => {
    await generate({ patients: 5, seed: 1, out: folder, formats: ["bundles"] });
    await generate({ patients: 2, seed: 1, out: folder, formats: ["bundles"] });
    expect([...(await bundlesOf(folder)).keys()].sort()).toEqual(["patient-0001.json", "patient-0002.json"]);
  });

  test("writes an empty file for a type without resources, and headers without rows", async () => {
    await generate({ patients: 0, seed: 1, out: folder, formats: ["ndjson", "csv"] });
    expect(await ndjsonOf(folder)).toEqual([]);
    expect(await textOf(join(folder, "csv/conditions.csv"))).toBe(
      "START,STOP,PATIENT,ENCOUNTER,SYSTEM,CODE,DESCRIPTION\n",
    );
  });

  test("forgets a patient once written: the heap does not grow over 2,000 patients", async () => {
    const heaps = await resultOfChild<number[]>("generate-and-measure.ts", "2000", folder);
    expect(await csvOf(folder, "patients")).toHaveLength(2000);
    expect(heaps.length).toBeGreaterThan(5);
    expect(Math.max(...heaps) - heaps[0]!).toBeLessThan(15);
  });

  test("rejects when a file cannot be written", async () => {
    await generate({ patients: 1, seed: 1, out: join(folder, "taken/csv/patients.csv"), formats: ["csv"] });
    await expect(
      generate({ patients: 1, seed: 1, out: join(folder, "taken"), formats: ["csv"] }),
    ).rejects.toMatchObject({ code: "EISDIR" });
  });
});

describe("the command", () => {
  const main = join(committed, "generator/main.ts");
  const run = (...args: string[]) => promisify(execFile)(process.execPath, ["--import", "tsx", main, ...args]);

  test("writes the chosen formats to the chosen folder", async () => {
    const { stdout } = await run("--patients", "2", "--seed", "5", "--out", folder, "--formats", "csv,ndjson");
    expect(stdout).toContain("2 patients");
    expect(await csvOf(folder, "patients")).toHaveLength(2);
    expect((await filesIn(folder)).some((name) => name.startsWith("fhir/bundles"))).toBe(false);
  });

  test.each([
    ["--patients", "many"],
    ["--formats", "xml"],
    ["--colour", "red"],
  ])("ends with 2 and the usage for %s %s", async (option, value) => {
    await expect(run(option, value, "--out", folder)).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--patients N"),
    });
  });
});
