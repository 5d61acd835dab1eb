import { describe, expect, onTestFinished, test } from "vitest";
import { csvFiles } from "../../../src/ingest/csv-files.ts";
import { type MapToOmopOptions, mapToOmop } from "../../../src/omop/map-to-omop.ts";
import { pipeline } from "../../../src/pipeline/pipeline.ts";
import { createRunReport } from "../../../src/quality/run-report.ts";
import type { Row } from "../../../src/warehouse/values.ts";
import { expectFullAccount, openIntake } from "../../ingest/intake.ts";
import { projectFile } from "../../support/sources.ts";

type Encounter = readonly [id: string, kind: string, start: string, end: string];

/** Maps the encounters of one patient, each with a sore throat on its first day. */
async function map(encounters: readonly Encounter[], options: MapToOmopOptions = { ruleset: "etl-synthea" }) {
  const intake = await openIntake(projectFile("sample-data/vocabulary"));
  onTestFinished(() => intake[Symbol.asyncDispose]());
  await intake.write(
    "patients.csv",
    "Id,BIRTHDATE,DEATHDATE,RACE,ETHNICITY,GENDER,ADDRESS,CITY,STATE,COUNTY,ZIP\np,1950-06-01,2020-05-01,white,hispanic,F,,,,,\n",
  );
  const rows = encounters.map(
    ([id, kind, start, end]) =>
      `${id},${start}T08:00:00Z,${end}T09:00:00Z,p,,,${kind},${id === "certificate" ? "308646001" : "185345009"},,100,20`,
  );
  await intake.write(
    "encounters.csv",
    `Id,START,STOP,PATIENT,ORGANIZATION,PROVIDER,ENCOUNTERCLASS,CODE,DESCRIPTION,TOTAL_CLAIM_COST,PAYER_COVERAGE\n${rows.join("\n")}\n`,
  );
  const throats = encounters.map(([id, , start]) => `${start},,p,${id},195662009,Sore throat`);
  await intake.write(
    "conditions.csv",
    `START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION\n${throats.join("\n")}\n${throats[0]!.replace("195662009", "999")}\n`,
  );
  const mapped = pipeline(csvFiles(intake.folder, { mapping: "synthea" }), mapToOmop(options)).run(intake.warehouse);
  const report = await createRunReport(intake.warehouse, await mapped);
  expectFullAccount(report);
  return { ...report, query: (sql: string): Promise<Row[]> => intake.warehouse.rows(sql) };
}

/** Visits by the encounter that stands for each, with the encounters whose conditions are of it. */
async function visitsOf(encounters: readonly Encounter[]): Promise<string[]> {
  const { query } = await map(encounters);
  const rows = await query(
    `select
       visit_source_value || ': ' || visit_start_date || ' ' || visit_end_date || ' ' || string_agg(encounter, ' ' order by encounter) as visit
     from cdm.visit_occurrence
     join cdm.condition_occurrence using (visit_occurrence_id, person_id)
     join mapping.lineage on cdm_table = 'condition_occurrence' and cdm_id = condition_occurrence_id
     join (select landing_row as resource_id, "ENCOUNTER" as encounter from landing.csv_conditions) using (resource_id)
     group by visit_source_value, visit_start_date, visit_end_date
     order by all`,
  );
  return rows.map(({ visit }) => String(visit));
}

describe("the ruleset etl-synthea rolls encounters up into visits:", () => {
  test.each<[string, Encounter[], string[]]>([
    [
      "stays with at most a day between them are one",
      [
        ["a", "inpatient", "2020-01-01", "2020-01-03"],
        ["b", "inpatient", "2020-01-04", "2020-01-06"],
        ["c", "inpatient", "2020-01-08", "2020-01-09"],
      ],
      ["a: 2020-01-01 2020-01-06 a b", "c: 2020-01-08 2020-01-09 c"],
    ],
    [
      "a stay within a stay does not end it",
      [
        ["a", "inpatient", "2020-01-01", "2020-01-20"],
        ["b", "inpatient", "2020-01-03", "2020-01-04"],
        ["c", "inpatient", "2020-01-15", "2020-01-25"],
      ],
      ["a: 2020-01-01 2020-01-25 a b c"],
    ],
    [
      "an emergency belongs to the stay from its second day on",
      [
        ["a", "inpatient", "2020-01-01", "2020-01-03"],
        ["b", "emergency", "2020-01-01", "2020-01-01"],
        ["c", "emergency", "2020-01-03", "2020-01-03"],
        ["d", "emergency", "2020-01-04", "2020-01-04"],
      ],
      ["a: 2020-01-01 2020-01-03 a c", "b: 2020-01-01 2020-01-01 b", "d: 2020-01-04 2020-01-04 d"],
    ],
    [
      "what is outpatient belongs to the stay from its first day on",
      [
        ["a", "inpatient", "2020-01-01", "2020-01-03"],
        ["b", "ambulatory", "2020-01-01", "2020-01-01"],
        ["c", "wellness", "2020-01-03", "2020-01-03"],
        ["d", "outpatient", "2020-01-04", "2020-01-04"],
      ],
      ["a: 2020-01-01 2020-01-03 a b c", "d: 2020-01-04 2020-01-04 d"],
    ],
    [
      "of one class and day is one, to the last end",
      [
        ["a", "wellness", "2020-02-01", "2020-02-01"],
        ["b", "wellness", "2020-02-01", "2020-02-02"],
        ["c", "ambulatory", "2020-02-01", "2020-02-01"],
        ["d", "emergency", "2020-03-01", "2020-03-01"],
        ["e", "emergency", "2020-03-01", "2020-03-02"],
      ],
      ["a: 2020-02-01 2020-02-02 a b", "c: 2020-02-01 2020-02-01 c", "d: 2020-03-01 2020-03-02 d e"],
    ],
    [
      "other classes are no visits",
      [
        ["a", "wellness", "2020-02-01", "2020-02-01"],
        ["b", "urgentcare", "2020-02-02", "2020-02-02"],
      ],
      ["a: 2020-02-01 2020-02-01 a"],
    ],
  ])("%s", async (_title, encounters, visits) => {
    expect(await visitsOf(encounters)).toEqual(visits);
  });

  test("each is accounted for, and so are its costs", async () => {
    const { resources, dropped, tables, query } = await map([
      ["a", "inpatient", "2020-01-01", "2020-01-03"],
      ["b", "ambulatory", "2020-01-02", "2020-01-02"],
      ["c", "virtual", "2020-02-02", "2020-02-02"],
    ]);
    expect(tables).toMatchObject({ visit_occurrence: 1, visit_detail: 1, cost: 2, condition_occurrence: 3 });
    expect(resources.by_type["encounters.csv"]).toMatchObject({ read: 3, dropped: 1 });
    expect(dropped).toContainEqual({ resource_type: "encounters.csv", reason: "VISIT_CLASS", count: 1 });
    expect(
      await query(
        "select observation_period_start_date as first, observation_period_end_date as last from cdm.observation_period",
      ),
    ).toEqual([{ first: "2020-01-01", last: "2020-02-02" }]);
  });
});

describe("the ruleset etl-synthea", () => {
  const encounters: Encounter[] = [
    ["a", "ambulatory", "2020-01-01", "2020-01-01"],
    ["certificate", "ambulatory", "2020-05-09", "2020-05-09"],
  ];

  test("drops what has no standard concept, and says so", async () => {
    const { dropped } = await map(encounters);
    expect(dropped).toContainEqual({ resource_type: "conditions.csv", reason: "NO_CONCEPT", count: 1 });
  });

  test("has times at midnight, 0 where a concept is not given, and death on the day of its certificate", async () => {
    const { query } = await map(encounters);
    expect(
      await query("select condition_start_datetime, condition_status_concept_id from cdm.condition_occurrence limit 1"),
    ).toEqual([{ condition_start_datetime: "2020-01-01T00:00:00", condition_status_concept_id: 0 }]);
    expect(await query("select death_date from cdm.death")).toEqual([{ death_date: "2020-05-09" }]);
  });

  test("changes nothing unless it is asked for", async () => {
    const { tables, query } = await map(encounters, {});
    expect(tables).toMatchObject({ visit_occurrence: 2, condition_occurrence: 3 });
    expect(await query("select death_date from cdm.death")).toEqual([{ death_date: "2020-05-01" }]);
  });
});
