import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { csv } from "../../../src/export/sql-formats.ts";
import { csvFiles } from "../../../src/ingest/csv-files.ts";
import { fhirFiles } from "../../../src/ingest/fhir-files.ts";
import { mapToOmop } from "../../../src/omop/map-to-omop.ts";
import { pipeline } from "../../../src/pipeline/pipeline.ts";
import { createRunReport } from "../../../src/quality/run-report.ts";
import { cdmTableNames } from "../../../src/warehouse/cdm-tables.ts";
import { openWarehouse, type Warehouse } from "../../../src/warehouse/warehouse.ts";
import { expectFullAccount } from "../../ingest/intake.ts";
import { failureOf } from "../../support/failure.ts";
import { openFolder, vocabularyCache } from "../../support/folder.ts";
import { projectFile } from "../../support/sources.ts";

const vocabulary = projectFile("sample-data/vocabulary");

async function anEmptyWarehouse(): Promise<Warehouse> {
  const warehouse = await openWarehouse(":memory:", { vocabulary, vocabularyCache });
  onTestFinished(() => warehouse.close());
  return warehouse;
}

async function aFolder() {
  const folder = await openFolder();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  return folder;
}

const person = "person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id";
const visit =
  "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_end_date,visit_type_concept_id,preceding_visit_occurrence_id";
const condition =
  "condition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_start_datetime,condition_type_concept_id,visit_occurrence_id";
const twoPersons = `${person}\n1,8507,1950,8527,0\n2,8532,1960,0,0\n`;

/** Loads files of a CDM, and gives the report, whose sums it has checked. */
async function load(files: Readonly<Record<string, string>>) {
  const folder = await aFolder();
  for (const [name, content] of Object.entries(files)) await folder.write(name, content);
  const warehouse = await anEmptyWarehouse();
  const warnings: string[] = [];
  const run = pipeline(csvFiles(folder.path, { mapping: "omop" }), mapToOmop()).run(warehouse, {
    onProgress: ({ state, message }) => {
      if (state === "warning") warnings.push(message ?? "");
    },
  });
  const report = await createRunReport(warehouse, await run);
  expectFullAccount(report);
  return { ...report, warnings, rows: (sql: string) => warehouse.rows(sql) };
}

describe("a CDM made elsewhere", () => {
  test("comes back as it went out", async () => {
    const folder = await aFolder();
    const first = await anEmptyWarehouse();
    await pipeline(fhirFiles(projectFile("sample-data/fhir/ndjson")), mapToOmop(), csv(folder.path)).run(first);
    const second = await anEmptyWarehouse();
    await pipeline(csvFiles(folder.path, { mapping: "omop" }), mapToOmop()).run(second);
    let rows = 0;
    for (const table of cdmTableNames) {
      const before = await first.rows(`from cdm.${table} order by all`);
      expect(await second.rows(`from cdm.${table} order by all`), table).toEqual(before);
      rows += before.length;
    }
    expect(rows).toBeGreaterThan(1000);
  });

  test("is recognised in whatever case, with numbers, dates and nothing as other systems write them", async () => {
    const { rows, tables } = await load({
      "PERSON.csv": `${person.toUpperCase()},BIRTH_DATETIME\n1,8507.0,1950,NA,0,NULL\n`.replace("NA", "8527"),
      "CONDITION_OCCURRENCE.csv": `${condition}\n7,1,4112343,20200131,2020-01-31T10:30:00Z,32817,NA\n8,1,4112343,2020-01-31 00:00:00,2020-01-31,32817,\\N\n`,
    });
    expect(tables).toMatchObject({ person: 1, condition_occurrence: 2 });
    expect(
      await rows(
        "select condition_start_date, condition_start_datetime, visit_occurrence_id from cdm.condition_occurrence order by condition_occurrence_id",
      ),
    ).toEqual([
      {
        condition_start_date: "2020-01-31",
        condition_start_datetime: "2020-01-31T10:30:00",
        visit_occurrence_id: null,
      },
      {
        condition_start_date: "2020-01-31",
        condition_start_datetime: "2020-01-31T00:00:00",
        visit_occurrence_id: null,
      },
    ]);
  });

  test("loses its bad rows, each by the first thing that is wrong with it", async () => {
    const { dropped, tables } = await load({
      "person.csv": `${twoPersons}3,8507,1950.5,8527,0\n4,,1950,8527,0\n1,8507,1951,8527,0\nx,8507,1950,8527,0\n`,
      "condition_occurrence.csv": [
        condition,
        "1,1,4112343,2020-01-01,,32817,",
        "2,9,4112343,2020-01-01,,32817,",
        "3,3,4112343,2020-01-01,,32817,",
        "4,1,4112343,2020-02-30,,32817,",
        "5,1,4112343,01/02/2020,,32817,",
        "6,1,,2020-01-01,,32817,",
        "",
      ].join("\n"),
    });
    expect(tables).toMatchObject({ person: 2, condition_occurrence: 1 });
    expect(dropped).toEqual([
      { resource_type: "condition_occurrence.csv", reason: "BAD_VALUE condition_start_date", count: 2 },
      { resource_type: "condition_occurrence.csv", reason: "NO_REFERENCE person_id", count: 2 },
      { resource_type: "condition_occurrence.csv", reason: "MISSING condition_concept_id", count: 1 },
      { resource_type: "person.csv", reason: "BAD_VALUE person_id", count: 1 },
      { resource_type: "person.csv", reason: "BAD_VALUE year_of_birth", count: 1 },
      { resource_type: "person.csv", reason: "DUPLICATE person_id", count: 1 },
      { resource_type: "person.csv", reason: "MISSING gender_concept_id", count: 1 },
    ]);
  });

  test("keeps rows that refer to a visit that is not there, without it, and says so", async () => {
    const { dropped, dropped_parts, rows } = await load({
      "person.csv": twoPersons,
      "visit_occurrence.csv": `${visit}\n10,1,9202,2020-01-01,2020-01-01,32817,\n11,1,9202,2020-02-01,2020-02-01,32817,10\n12,1,9202,2020-03-01,2020-03-01,32817,99\n`,
      "condition_occurrence.csv": `${condition}\n1,1,4112343,2020-01-01,,32817,11\n2,1,4112343,2020-01-01,,32817,98\n`,
    });
    expect(dropped).toEqual([]);
    expect(dropped_parts).toEqual([
      { resource_type: "condition_occurrence.csv", reason: "NO_REFERENCE visit_occurrence_id", count: 1 },
      { resource_type: "visit_occurrence.csv", reason: "NO_REFERENCE preceding_visit_occurrence_id", count: 1 },
    ]);
    expect(await rows("select visit_occurrence_id as id from cdm.condition_occurrence order by all")).toEqual([
      { id: 11 },
      { id: null },
    ]);
  });

  test("has its eras made where its files have none, and keeps those that it has", async () => {
    const files = {
      "person.csv": twoPersons,
      "condition_occurrence.csv": `${condition}\n1,1,4112343,2020-01-01,,32817,\n2,2,4112343,2020-01-01,,32817,\n`,
    };
    const era = "condition_era_id,person_id,condition_concept_id,condition_era_start_date,condition_era_end_date";
    expect((await load({ ...files, "condition_era.csv": `${era}\n` })).tables.condition_era).toBe(2);
    const { rows } = await load({ ...files, "condition_era.csv": `${era}\n77,1,4112343,2020-01-01,2020-12-31\n` });
    expect(await rows("select condition_era_id from cdm.condition_era")).toEqual([{ condition_era_id: 77 }]);
  });

  test("without a column that it must have is refused, with the name that was probably meant", async () => {
    const error = await failureOf(load({ "person.csv": twoPersons.replace("gender_concept_id", "gender_concept") }));
    expect(error).toMatchObject({ code: "CSV_MAPPING_INVALID" });
    expect(error.message).toMatch(
      /person\.csv, cdm: column gender_concept_id not found; .* Did you mean gender_concept\?/,
    );
  });

  test("of another version says which columns were left out", async () => {
    const { warnings, tables } = await load({ "person.csv": `${person},shoe_size\n1,8507,1950,8527,0,43\n` });
    expect(tables.person).toBe(1);
    expect(warnings.join()).toMatch(/person\.csv: person has no shoe_size in CDM 5\.4; left out\./);
  });

  test("stands beside patients from elsewhere", async () => {
    const folder = await aFolder();
    await folder.write("person.csv", twoPersons);
    const warehouse = await anEmptyWarehouse();
    const mapped = await pipeline(
      fhirFiles(projectFile("sample-data/fhir/bundles/patient-0001.json")),
      csvFiles(folder.path, { mapping: "omop", source: "other" }),
      mapToOmop(),
    ).run(warehouse);
    expect(mapped.tables).toMatchObject({ person: 3, observation_period: 1 });
  });
});

const data = projectFile("../shared/data/omop-instance-synthea27nj");
test.skipIf(!existsSync(data))(
  `a CDM of OHDSI is loaded to the last row${existsSync(data) ? "" : ` (skipped: no ${data})`}`,
  async () => {
    const warehouse = await anEmptyWarehouse();
    const mapped = await pipeline(csvFiles(data, { mapping: "omop" }), mapToOmop()).run(warehouse);
    const { resources } = await createRunReport(warehouse, mapped);
    expect(resources).toMatchObject({ read: 25_320, mapped: 25_320, dropped: 0, quarantined: 0 });
    const [header, ...lines] = (await readFile(`${data}/VISIT_OCCURRENCE.csv`, "utf8")).trim().split("\n");
    expect(header).toContain("visit_occurrence_id");
    expect(mapped.tables.visit_occurrence).toBe(lines.length);
  },
);
