import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { condition, lines, patient } from "../ingest/intake.ts";
import { athena, writeAthena } from "../support/athena.ts";
import { omopipe } from "../support/command.ts";
import { type Folder, openFolder } from "../support/folder.ts";

const hospital = "http://hospital.example/codes";

let folder: Folder;
beforeEach(async () => {
  folder = await openFolder();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  const twice = athena.CONCEPT[2]!;
  const boxes = "1|2|1|8576|||||a few|20020131|20991231|";
  await writeAthena(folder, {
    "athena/CONCEPT.csv": [...athena.CONCEPT, twice],
    "athena/CONCEPT_RELATIONSHIP.csv": athena.CONCEPT_RELATIONSHIP,
    "athena/VOCABULARY.csv": athena.VOCABULARY,
    "athena/DRUG_STRENGTH.csv": [...athena.DRUG_STRENGTH, boxes],
    "local/CONCEPT.csv": [
      athena.CONCEPT[0],
      "2000000001|Diabetes, as we say|Condition|Hospital|Local||DM|19700101|20991231|",
    ],
    "local/CONCEPT_RELATIONSHIP.csv": [athena.CONCEPT_RELATIONSHIP[0], "2000000001|201826|Maps to|19700101|20991231|"],
  });
  await folder.write(
    "in/a.ndjson",
    lines(patient("p"), condition("c", { code: { coding: [{ system: hospital, code: "DM" }] } })),
  );
});

const load = (...more: readonly string[]) =>
  omopipe(["vocabulary", "load", folder.file("athena"), ...more, "--warehouse", folder.file("warehouse.duckdb")]);

const etl = (...options: readonly string[]) =>
  omopipe(["etl", folder.file("in"), "--warehouse", folder.file("warehouse.duckdb"), ...options]);

describe("omopipe vocabulary load", { timeout: 60_000 }, () => {
  test("prints the rows of each table, those it refused and why, the release, and where the database is", async () => {
    const { code, stdout, stderr } = await load();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^concept +4$/m);
    expect(stdout).toMatch(/^drug_strength +1$/m);
    expect(stdout).toMatch(/^domain +0$/m);
    expect(stdout).toMatch(/^ +1 +the concept is there twice +\S+athena\/CONCEPT.csv +6$/m);
    expect(stdout).toMatch(/^ +1 +the value is not a whole number +\S+athena\/DRUG_STRENGTH.csv +3$/m);
    expect(stdout).toContain("Loaded, release v5.0 30-AUG-24.\n");
    expect(stdout).toMatch(/^Kept in \S+athena\/omopipe-vocabulary-\w+\.duckdb$/m);
    expect(stderr).toContain("loadVocabulary: done");
  });

  test("says when there was nothing to do, also to another warehouse", async () => {
    const first = await load();
    const second = await omopipe(["vocabulary", "load", folder.file("athena"), "--warehouse", folder.file("b.duckdb")]);
    expect(second.code).toBe(0);
    expect(second.stdout).toBe(first.stdout.replace("Loaded,", "Already loaded,"));
  });

  test("takes several folders, and keeps their databases where it is told", async () => {
    const { code, stdout } = await load(folder.file("local"), "--vocabulary-cache", folder.file("cache"));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^concept +5$/m);
    expect(stdout).toMatch(/^Kept in \S+cache\/omopipe-athena-\S+ and \S+cache\/omopipe-local-\S+$/m);
    expect((await folder.list()).sort()).toEqual(["athena", "cache", "in", "local", "warehouse.duckdb"]);
  });

  test("says what is wrong with a file, and where", async () => {
    await folder.write("athena/CONCEPT_RELATIONSHIP.csv", "concept_id_1\n1\n");
    const { code, stderr } = await load();
    expect(code).toBe(1);
    expect(stderr).toContain(
      "athena/CONCEPT_RELATIONSHIP.csv could not be loaded as concept_relationship: column concept_id_2",
    );
  });
});

describe("omopipe etl", { timeout: 60_000 }, () => {
  const mapped = /^Events by their codes: 0 standard as sent, 1 mapped to a standard concept, 0 without concept/m;

  test("maps with several vocabularies and code systems of the user", async () => {
    const rules = await folder.write("rules.yaml", `codeSystems: { "${hospital}": Hospital }\n`);
    const vocabularies = ["--vocabulary", folder.file("athena"), "--vocabulary", folder.file("local")];
    const { code, stdout, stderr } = await etl(...vocabularies, "--overrides", rules);
    expect([code, stdout], stderr).toEqual([0, expect.stringMatching(mapped)]);
    expect(stderr).toContain("CONCEPT.csv: 1 rows were not loaded: the concept is there twice.");
  });

  test("takes the last word on whether there is a vocabulary", async () => {
    const vocabularies = ["--vocabulary", folder.file("athena"), "--vocabulary", folder.file("local")];
    expect(await etl("--no-vocabulary", ...vocabularies)).toMatchObject({
      code: 0,
      stderr: expect.not.stringContaining("No vocabulary"),
    });
    expect(await etl(...vocabularies, "--no-vocabulary")).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("No vocabulary"),
    });
  });

  test("maps with the vocabulary that the warehouse was loaded with", async () => {
    await load(folder.file("local"), "--vocabulary-cache", folder.file("cache"));
    const rules = await folder.write("rules.yaml", `codeSystems: { "${hospital}": Hospital }\n`);
    const { stdout, stderr } = await etl("--overrides", rules);
    expect(stdout, stderr).toMatch(mapped);
  });
});
