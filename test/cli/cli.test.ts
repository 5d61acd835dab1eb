import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fhirToOmopSchema } from "../../schemas/fhir-to-omop.ts";
import { runReportSchema } from "../../schemas/report.ts";
import { localOutcomeId } from "../../src/engines/phenom/outcomes.ts";
import { servePhenom } from "../../src/engines/phenom/serve-phenom.ts";
import { type Ended, omopipe } from "../support/command.ts";

const project = fileURLToPath(new URL("../../", import.meta.url));
const ndjson = join(project, "sample-data/fhir/ndjson");
const csv = join(project, "sample-data/csv");
const vocabulary = join(project, "sample-data/vocabulary");

describe("omopipe", () => {
  let folder: string;
  let warehouse: string;
  let etl: Ended;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "omopipe-cli-"));
    warehouse = join(folder, "new/warehouse.duckdb");
    etl = await omopipe([
      "etl",
      ndjson,
      "--vocabulary",
      vocabulary,
      "--warehouse",
      warehouse,
      "--out",
      join(folder, "cdm"),
    ]);
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true }));

  test("etl writes a file a table and the report, and says what became of the records", async () => {
    expect(etl).toMatchObject({ code: 0 });
    expect(etl.stdout).toMatch(/^all +1633 +1601 +28 +0 +4 +0 +0$/m);
    expect(etl.stderr).toContain("mapToOmop: done");
    expect(etl.stderr, "a loss is said").toContain("4 of 1605 records left no row");
    expect(await readdir(join(folder, "cdm"))).toEqual(
      expect.arrayContaining(["person.parquet", "measurement.parquet", "report.json", "unmapped.csv"]),
    );
    const report = runReportSchema.parse(JSON.parse(await readFile(join(folder, "cdm/report.json"), "utf8")));
    expect(report.resources).toMatchObject({ read: 1633, mapped: 1601 });
  });

  test("etl --strict ends with 3 when a record was dropped", { timeout: 60_000 }, async () => {
    const strict = [
      "etl",
      ndjson,
      "--no-vocabulary",
      "--strict",
      "--memory-limit",
      "800MB",
      "--warehouse",
      join(folder, "strict.duckdb"),
    ];
    const { code, stderr } = await omopipe(strict);
    expect(code).toBe(3);
    expect(stderr).toContain("all codes are kept with concept 0");
    expect(stderr).toMatch(/^Done, but 0 records were quarantined and \d+ dropped: --strict ends with 3\./m);
  });

  test("etl maps by the options and overrides that it is given", { timeout: 60_000 }, async () => {
    const input = join(folder, "options/all.ndjson");
    const overrides = join(folder, "options/overrides.yaml");
    await mkdir(join(folder, "options"));
    const encounter = {
      modifierExtension: [{ url: "http://hospital.example/reviewed" }],
      class: { code: "AMB" },
      subject: { reference: "Patient/p" },
      period: { start: "2019-03-01T22:30:00Z", end: "2019-03-01T23:30:00Z" },
    };
    await writeFile(
      input,
      [
        { resourceType: "Patient", id: "p", birthDate: "1980-01-01" },
        { resourceType: "Encounter", id: "e", status: "planned", ...encounter },
      ]
        .map((resource) => JSON.stringify(resource))
        .join("\n"),
    );
    const rules = [
      "encounterClasses: { AMB: 9201 }",
      "droppedStatuses: { Encounter: [cancelled] }",
      "allowedModifierExtensions: [http://hospital.example/reviewed]",
    ];
    await writeFile(overrides, rules.join("\n"));
    const at = join(folder, "options/warehouse.duckdb");
    const run = (...flags: string[]) => omopipe(["etl", input, "--no-vocabulary", "--warehouse", at, ...flags]);

    const flags = ["--type-concept", "ehr", "--time-zone", "Asia/Tokyo", "--observation-period", "gap548"];
    expect(await run(...flags, "--overrides", overrides)).toMatchObject({ code: 0 });

    const query = `select visit_concept_id, visit_type_concept_id, visit_start_date, observation_period_end_date
      from cdm.visit_occurrence join cdm.observation_period using (person_id)`;
    const { stdout } = await omopipe(["query", query, "--warehouse", at, "--format", "json"]);
    expect(JSON.parse(stdout)).toEqual([
      {
        visit_concept_id: 9201,
        visit_type_concept_id: 32817,
        visit_start_date: "2019-03-02",
        observation_period_end_date: "2019-05-01",
      },
    ]);
    const insured = await run("--observation-period", "enrolment");
    expect(insured).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("1 of 1 persons have no insurance period"),
    });
    // Before anything is read or made.
    const other = join(folder, "options/other.duckdb");
    const nowhere = await omopipe(["etl", input, "--no-vocabulary", "--warehouse", other, "--time-zone", "Mars/Base"]);
    expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringContaining("Mars/Base is no time zone") });
    await expect(access(other)).rejects.toThrow("ENOENT");
    expect(await run("--routing", "anywhere")).toMatchObject({ code: 2, stderr: expect.stringContaining("resource") });
    await writeFile(overrides, "encounterClass: { AMB: 9201 }\n");
    expect(await run("--overrides", overrides)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/overrides\.yaml is no file of overrides: .*encounterClass/s),
    });
  });

  test("fhir2omop prints the answer, and ends with 1 when nothing could be mapped", { timeout: 60_000 }, async () => {
    const run = (file: string) => omopipe(["fhir2omop", file, "--vocabulary", vocabulary]);
    const done = await run(join(project, "sample-data/fhir/bundles/patient-0001.json"));
    expect(done).toMatchObject({ code: 0, stderr: "" });
    expect(fhirToOmopSchema.parse(JSON.parse(done.stdout))).toMatchObject({
      success: true,
      tables: { person: [{ person_source_value: expect.any(String) }] },
    });
    const packed = join(folder, "packed.json.gz");
    await writeFile(packed, gzipSync(await readFile(join(project, "sample-data/fhir/bundles/patient-0001.json"))));
    expect((await run(packed)).stdout).toBe(done.stdout);
    const alone = join(folder, "observation.json");
    await writeFile(alone, '{"resourceType":"Observation","id":"o"}');
    const refused = await run(alone);
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.stdout)).toMatchObject({ success: false });
    await writeFile(alone, '{"resourceType":"Patient","name":"Miller');
    expect(await run(alone)).toEqual({
      code: 1,
      stdout: "",
      stderr: `${alone} is not JSON. It must hold one FHIR resource or one Bundle.\n`,
    });
  });

  test("etl takes CSV from standard input, and writes what it could not read", { timeout: 60_000 }, async () => {
    const out = join(folder, "stdin");
    const patients = await readFile(join(csv, "patients.csv"), "utf8");
    const args = [
      "etl",
      "-",
      "--csv-mapping",
      "synthea",
      "--no-vocabulary",
      "--warehouse",
      join(folder, "stdin.duckdb"),
    ];
    const nameless = await omopipe(args, {}, patients);
    expect(nameless).toMatchObject({ code: 2 });
    expect(nameless.stderr).toContain("Say with --csv-name which file of the mapping standard input is: patients.csv,");
    const named = await omopipe([...args, "--csv-name", "patients.csv", "--out", out], {}, `${patients}half a row\n`);
    expect(named).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("rejects.csv: rows of CSV files to be corrected"),
    });
    expect(await readFile(join(out, "rejects.csv"), "utf8")).toMatch(
      /^file,line,column,value,code,reason,row\npatients\.csv,\d+,\w+,,WRONG_COLUMN_COUNT,.*,half a row\n$/,
    );
  });

  test("etl takes CSV by a mapping, and names CSV that it leaves alone", { timeout: 60_000 }, async () => {
    const at = join(folder, "csv.duckdb");
    const { code, stdout } = await omopipe([
      "etl",
      csv,
      "--csv-mapping",
      "synthea",
      "--vocabulary",
      vocabulary,
      "--warehouse",
      at,
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^person +25$/m);
    const mixed = join(folder, "mixed");
    await mkdir(mixed);
    await writeFile(join(mixed, "a.ndjson"), '{"resourceType":"Patient","id":"p","birthDate":"1980-01-01"}\n');
    await writeFile(join(mixed, "b.csv"), "id\n1\n");
    const left = await omopipe(["etl", mixed, "--no-vocabulary", "--warehouse", join(folder, "mixed.duckdb")]);
    expect(left.stderr).toContain("CSV files (.csv, .tsv, .txt) left alone: 1, such as ");
    expect(left.stderr).toContain("b.csv. Say how CSV becomes OMOP with --csv-mapping");
  });

  test("says loudly when the patients are missing", async () => {
    const alone = join(folder, "alone");
    await mkdir(alone);
    const condition = {
      resourceType: "Condition",
      id: "c",
      subject: { reference: "Patient/p" },
      onsetDateTime: "2020",
    };
    await writeFile(join(alone, "c.ndjson"), JSON.stringify({ ...condition, code: { text: "Cough" } }));
    const { code, stderr } = await omopipe(["etl", alone, "--no-vocabulary", "--warehouse", join(folder, "a.duckdb")]);
    expect(code).toBe(0);
    expect(stderr).toContain("1 of 1 records left no row, most often for NO_PERSON");
    expect(stderr).toContain("are the patients themselves among the input?");
  });

  test.each([
    ["a missing input", 1, ["etl", "/nowhere", "--warehouse", "x.duckdb"], "/nowhere does not exist"],
    [
      "a folder without FHIR",
      1,
      ["etl", join(project, "docs"), "--no-vocabulary", "--warehouse", "FOLDER/x.duckdb"],
      "No FHIR resource was found",
    ],
    ["no vocabulary", 1, ["etl", join(project, "docs"), "--warehouse", "FOLDER/new.duckdb"], "No vocabulary is loaded"],
    [
      "a vocabulary that is none",
      1,
      ["etl", ndjson, "--vocabulary", csv, "--warehouse", "FOLDER/x.duckdb"],
      "holds no table of a vocabulary",
    ],
    ["CSV without a mapping", 2, ["etl", join(csv, "patients.csv"), "--warehouse", "FOLDER/x.duckdb"], "--csv-mapping"],
    [
      "no size of memory",
      2,
      ["etl", ndjson, "--warehouse", "FOLDER/x.duckdb", "--memory-limit", "much"],
      '"much" is no size',
    ],
    [
      "no size of memory to score in",
      2,
      ["score", "phenom", "--warehouse", "WAREHOUSE", "--base-url", "http://127.0.0.1:1", "--memory-limit", "some"],
      '"some" is no size',
    ],
    ["no warehouse named", 2, ["etl", ndjson], "--warehouse <file>"],
    ["an unknown command", 2, ["etk"], "unknown command"],
    ["a query of no warehouse", 1, ["query", "select 1", "--warehouse", "FOLDER/none.duckdb"], "There is no warehouse"],
    [
      "a format that is none",
      2,
      ["export", "--warehouse", "WAREHOUSE", "--format", "xls", "--out", "FOLDER/x"],
      "no format xls",
    ],
    ["a port that is none", 2, ["serve", "--port", "99999"], '"99999" is no port'],
    ["a fault that is none", 2, ["serve", "--port", "0", "--faults", "burn=0.1"], '"burn=0.1" is none'],
    [
      "a score without a token",
      2,
      [
        "score",
        "phenom",
        "--warehouse",
        "WAREHOUSE",
        "--base-url",
        "http://127.0.0.1:1",
        "--outcome",
        "a",
        "--token-env",
        "NOT_SET",
      ],
      "NOT_SET",
    ],
  ])("%s: exit code %i and a sentence", async (_, code, args, sentence) => {
    const ended = await omopipe(args.map((arg) => arg.replace("FOLDER", folder).replace("WAREHOUSE", warehouse)));
    expect(ended).toMatchObject({ code, stdout: "" });
    expect(ended.stderr).toContain(sentence);
    expect(ended.stderr, "no stack").not.toContain("    at ");
  });

  test("query prints a table, CSV, or one JSON array with whole numbers exact", async () => {
    const query = async (sql: string, format: string) =>
      (await omopipe(["query", sql, "--warehouse", warehouse, "--format", format])).stdout;
    expect(await query("select 1 as a, 'x' as b", "table")).toBe("a  b\n-  -\n1  x\n");
    expect(await query("select 1 as a, 'x,y' as b", "csv")).toBe('a,b\n1,"x,y"\n');
    expect(await query("select 'two  blanks' || chr(10) || 'and a line' as a", "csv")).toBe(
      'a\n"two  blanks\nand a line"\n',
    );
    expect(
      JSON.parse(await query("select 18446744073709551615::ubigint as a, [1] as b from range(2)", "json")),
    ).toEqual([
      { a: "18446744073709551615", b: [1] },
      { a: "18446744073709551615", b: [1] },
    ]);
    expect(await query("select 1 where false", "json")).toBe("[]\n");
  });

  test("query names the line of a mistake", async () => {
    const { code, stderr } = await omopipe(["query", "select 1\nfrom person p\nwher true", "--warehouse", warehouse]);
    expect(code).toBe(1);
    expect(stderr).toContain("LINE 3: wher true");
  });

  test("query shows a mistake in the statement as it was written", async () => {
    const { code, stderr } = await omopipe(["query", "selct 1", "--warehouse", warehouse]);
    expect(code).toBe(1);
    expect(stderr).toContain("LINE 1: selct 1\n        ^");
  });

  test("query says that it only reads", async () => {
    const { code, stderr } = await omopipe(["query", "create table cdm.a as select 1", "--warehouse", warehouse]);
    expect(code).toBe(1);
    expect(stderr).toContain("omopipe query only reads, and this statement would write.");
  });

  test("query finds tables without their schema, and lists them", { timeout: 60_000 }, async () => {
    const query = async (sql: string, format: string) =>
      (await omopipe(["query", sql, "--warehouse", warehouse, "--format", format])).stdout;
    const persons = await query("select count(*) as persons from cdm.person", "csv");
    expect(await query("select count(*) as persons from person", "csv")).toBe(persons);
    const tables = (await query("show tables", "table")).split("\n");
    expect(tables).toEqual(expect.arrayContaining(["person", "concept", "cohort", "dropped", "run"]));
  });

  test("histories, export, score and status work on the warehouse", { timeout: 60_000 }, async () => {
    const histories = join(folder, "made/histories.ndjson");
    const built = await omopipe(["histories", "--warehouse", warehouse, "--out", histories, "--as-of", "2026-01-01"]);
    const leftOut =
      "4 events are in no history: no code system of the service expresses their code (features.patient_history: not_expressed)\n";
    const without = "6 persons have no history (features.history_exclusion says why)\n";
    expect(built.stdout).toBe(`19 histories as of 2026-01-01 are in ${histories}\n${without}${leftOut}`);
    const lines = (await readFile(histories, "utf8")).trim().split("\n");
    // Six of the 25 patients had died before.
    expect(lines).toHaveLength(19);
    expect(Object.keys(JSON.parse(lines[0]!))).toEqual([
      "patient",
      "lab_results",
      "diagnoses",
      "procedures",
      "medications",
    ]);

    await using engine = await servePhenom({ token: "secret" });
    const score = ["score", "phenom", "--warehouse", warehouse, "--base-url", engine.url, "--outcome", localOutcomeId];
    const scored = await omopipe(score, { PHENOM_TOKEN: "secret" });
    const notScored = `6 are not to be scored (results.scoring_exclusion says why)\n${leftOut}`;
    expect(scored).toMatchObject({
      code: 0,
      stdout: `19 of 19 patients were scored by this run (results.risk_score)\n${notScored}`,
    });
    const unchanged = await omopipe(score, { PHENOM_TOKEN: "secret" });
    expect(unchanged.stdout).toBe(
      `0 of 19 patients were scored by this run (results.risk_score)\n19 had their answer before, and have not changed since\n${notScored}`,
    );
    const cramped = await omopipe([...score, "--memory-limit", "2MB"], { PHENOM_TOKEN: "secret" });
    expect(cramped.code).toBe(1);
    expect(cramped.stderr).toMatch(/Out of Memory|could not allocate|failed to allocate/i);
    const roomy = await omopipe([...score, "--memory-limit", "600MB"], { PHENOM_TOKEN: "secret" });
    expect(roomy.stdout).toBe(unchanged.stdout);
    const refused = await omopipe([...score, "--again"], { PHENOM_TOKEN: "wrong" });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("401");

    const batch = join(folder, "batch");
    await omopipe(["batch-files", "--warehouse", warehouse, "--out", batch, "--gzip"]);
    expect(await readdir(batch)).toEqual(
      ["diagnoses", "lab_results", "medications", "patients", "procedures"].map((kind) => `${kind}-1.csv.gz`),
    );

    await omopipe([
      "export",
      "--warehouse",
      warehouse,
      "--format",
      "arrow",
      "--out",
      join(folder, "arrow"),
      "--tables",
      "risk_score",
    ]);
    expect(await readdir(join(folder, "arrow"))).toEqual(["risk_score.arrow"]);
    const { stdout } = await omopipe(["status", "--warehouse", warehouse]);
    expect(stdout).toContain("fhirFiles → mapToOmop → parquet → runReport");
    expect(stdout).toMatch(/failed .*401/);
  });

  test("run says what a script of one's own lacks", async () => {
    const own = join(folder, "own");
    await mkdir(own);
    await writeFile(join(own, "package.json"), '{"type":"commonjs"}');
    await writeFile(join(own, "a.ts"), "await 1;");
    await writeFile(join(own, "b.mts"), "console.log(process.argv[2], await 1);");
    const commonJs = await omopipe(["run", join(own, "a.ts")]);
    expect(commonJs.code).toBe(2);
    expect(commonJs.stderr).toContain('write "type": "module" into the package.json');
    expect(await omopipe(["run", join(own, "b.mts"), "--", "given"])).toMatchObject({ code: 0, stdout: "given 1\n" });
  });

  test("run ends where a script of one's own fails as any command does", async () => {
    const script = join(folder, "fails.mts");
    const library = new URL("../../dist/src/index.js", import.meta.url).href;
    const call = 'bulkExport({ baseUrl: "https://hospital.example/fhir", since: "yesterday" })';
    await writeFile(script, `import { bulkExport } from "${library}";\n${call};\n`);
    const { code, stderr } = await omopipe(["run", script]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^"yesterday" is no moment to read since[^\n]*\n$/);
  });
});
