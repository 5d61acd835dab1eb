import { readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CsvMappingInput } from "../../schemas/csv-mapping.ts";
import { csvFiles } from "../../src/ingest/csv-files.ts";
import type { Landed } from "../../src/ingest/fhir-files.ts";
import { mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import type { Stage } from "../../src/pipeline/stage.ts";
import { createRunReport } from "../../src/quality/run-report.ts";
import { expectFullAccount, type Intake, openIntake } from "../ingest/intake.ts";

const inProject = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const vocabulary = inProject("sample-data/vocabulary");

const snomed = "http://snomed.info/sct";
const people: CsvMappingInput["files"] = { "people.csv": { person: { id: "id", birthDate: "born", gender: "sex" } } };
const twoPeople = "id,born,sex\np1,1950-06-01,F\np2,1960,M\n";

async function map(intake: Intake, files: CsvMappingInput["files"], source?: string) {
  const mapping = { name: "test", files };
  const run = pipeline(csvFiles(intake.folder, { mapping, source }), mapToOmop()).run(intake.warehouse);
  const report = await createRunReport(intake.warehouse, await run);
  expectFullAccount(report);
  return report;
}

describe("a row of persons", () => {
  it("becomes a person with location and death, in the keys that the mapping gives", async () => {
    await using intake = await openIntake(vocabulary);
    await intake.write(
      "people.csv",
      "nr,born,sex,race,hisp,died,street,town,zip\n" +
        "007,1950-06-01,2,W,no,2020-03-04,1 Main Street,Boston,02155\n" +
        "008,1960-05,1,X,,,,,\n",
    );
    await map(intake, {
      "people.csv": {
        person: {
          id: "nr",
          birthDate: "born",
          gender: { column: "sex", values: { "1": "male", "2": "female" } },
          race: { column: "race", values: { W: "2106-3", X: "" } },
          ethnicity: { column: "hisp", values: { no: "2186-5" } },
          deathDate: "died",
          address: { line: "street", city: "town", zip: "zip", state: { constant: "Massachusetts" } },
        },
      },
    });
    expect(
      await intake.warehouse.rows(
        `select person_source_value, gender_concept_id, year_of_birth, month_of_birth, day_of_birth, race_concept_id,
           race_source_value, ethnicity_concept_id, address_1, state, zip, death_date
         from cdm.person left join cdm.location using (location_id) left join cdm.death using (person_id) order by 1`,
      ),
    ).toEqual([
      {
        person_source_value: "007",
        gender_concept_id: 8532,
        year_of_birth: 1950,
        month_of_birth: 6,
        day_of_birth: 1,
        race_concept_id: 8527,
        race_source_value: "2106-3",
        ethnicity_concept_id: 38003564,
        address_1: "1 Main Street",
        state: "MA",
        zip: "02155",
        death_date: "2020-03-04",
      },
      {
        person_source_value: "008",
        gender_concept_id: 8507,
        year_of_birth: 1960,
        month_of_birth: 5,
        day_of_birth: null,
        race_concept_id: 0,
        race_source_value: null,
        ethnicity_concept_id: 0,
        address_1: null,
        state: "MA",
        zip: null,
        death_date: null,
      },
    ]);
  });

  it("without an id, or without a birth date, is dropped and says why", async () => {
    await using intake = await openIntake(vocabulary);
    await intake.write("people.csv", "id,born,sex\n,1950,F\n,1950,F\np3,,F\np4,1950,F\n");
    const { dropped, tables } = await map(intake, people);
    expect(dropped).toEqual([
      { resource_type: "people.csv", reason: "NO_ID", count: 2 },
      { resource_type: "people.csv", reason: "NO_BIRTH_DATE", count: 1 },
    ]);
    expect(tables.person).toBe(1);
  });
});

describe("a row of visits", () => {
  it("becomes a visit of its person", async () => {
    await using intake = await openIntake(vocabulary);
    await intake.write("people.csv", twoPeople);
    await intake.write(
      "stays.csv",
      "id,who,kind,from,to\nv1,p1,ward,2020-01-01T10:00:00Z,2020-01-03\nv2,p9,ward,2020-01-01,\n,p1,ward,2020-01-01,\n",
    );
    const { dropped } = await map(intake, {
      ...people,
      "stays.csv": {
        visit: {
          id: "id",
          person: "who",
          class: { column: "kind", values: { ward: "inpatient" } },
          start: "from",
          end: "to",
        },
      },
    });
    expect(
      await intake.warehouse.rows(
        `select person_source_value, visit_concept_id, visit_start_datetime, visit_end_date
         from cdm.visit_occurrence join cdm.person using (person_id)`,
      ),
    ).toEqual([
      {
        person_source_value: "p1",
        visit_concept_id: 9201,
        visit_start_datetime: "2020-01-01T10:00:00",
        visit_end_date: "2020-01-03",
      },
    ]);
    expect(dropped).toEqual([
      { resource_type: "stays.csv", reason: "NO_ID", count: 1 },
      { resource_type: "stays.csv", reason: "NO_PERSON", count: 1 },
    ]);
  });
});

describe("a row of events", () => {
  const events = (...list: NonNullable<CsvMappingInput["files"][string]["events"]>): CsvMappingInput["files"] => ({
    ...people,
    "events.csv": { events: list },
  });

  it("goes where the domain of its concept leads, with its code, dates and type", async () => {
    await using intake = await openIntake(vocabulary);
    await intake.write("people.csv", twoPeople);
    await intake.write(
      "events.csv",
      "who,code,words,from,to\n" +
        "p1,195662009,Sore throat,2020-01-01,2020-01-09\n" +
        "p1,162864005,Obese,2020-02,\n" +
        "p2,,Feels weak,2020-03-01T08:00:00+02:00,\n",
    );
    await map(
      intake,
      events({
        kind: "condition",
        type: "EHR problem list",
        person: "who",
        code: "code",
        system: snomed,
        display: "words",
        start: "from",
        end: "to",
      }),
    );
    expect(
      await intake.warehouse.rows(
        `select condition_concept_id, condition_source_value, condition_start_date, condition_start_datetime,
           condition_end_date, condition_type_concept_id
         from cdm.condition_occurrence order by condition_start_date`,
      ),
    ).toEqual([
      {
        condition_concept_id: 4112343,
        condition_source_value: "195662009",
        condition_start_date: "2020-01-01",
        condition_start_datetime: null,
        condition_end_date: "2020-01-09",
        condition_type_concept_id: 32840,
      },
      {
        condition_concept_id: 0,
        condition_source_value: "Feels weak",
        condition_start_date: "2020-03-01",
        condition_start_datetime: "2020-03-01T08:00:00",
        condition_end_date: null,
        condition_type_concept_id: 32840,
      },
    ]);
    expect(await intake.warehouse.rows("select observation_concept_id, observation_date from cdm.observation")).toEqual(
      [{ observation_concept_id: 4060985, observation_date: "2020-02-01" }],
    );
  });

  it("may be drugs and vaccines", async () => {
    await using intake = await openIntake(vocabulary);
    await intake.write("people.csv", twoPeople);
    await intake.write(
      "events.csv",
      "who,rx,cvx,day,n,days,lot\np1,312961,,2020-01-01,30,90,\np1,,08,2020-02-01T09:00:00Z,,,L1\n",
    );
    const both = { person: "who", start: "day", quantity: "n" };
    await map(
      intake,
      events(
        {
          ...both,
          kind: "drug",
          code: "rx",
          system: "http://www.nlm.nih.gov/research/umls/rxnorm",
          daysSupply: "days",
          when: "rx",
        },
        { ...both, kind: "vaccine", code: "cvx", system: "http://hl7.org/fhir/sid/cvx", lotNumber: "lot", when: "cvx" },
      ),
    );
    expect(
      await intake.warehouse.rows(
        `select drug_source_value, drug_type_concept_id, drug_exposure_end_date, quantity, days_supply, lot_number
         from cdm.drug_exposure order by drug_exposure_start_date`,
      ),
    ).toEqual([
      {
        drug_source_value: "312961",
        drug_type_concept_id: 32838,
        drug_exposure_end_date: "2020-03-30",
        quantity: 30,
        days_supply: 90,
        lot_number: null,
      },
      {
        drug_source_value: "08",
        drug_type_concept_id: 32818,
        drug_exposure_end_date: "2020-02-01",
        quantity: null,
        days_supply: null,
        lot_number: "L1",
      },
    ]);
  });

  it("has a number where its text is one, with comparator, unit and range; else the text", async () => {
    await using intake = await openIntake(vocabulary);
    await intake.write("people.csv", twoPeople);
    await intake.write(
      "events.csv",
      "who,code,kind,day,value,unit,low,high\n" +
        "p1,29463-7,vital-signs,2020-01-01,70.5,kg,,\n" +
        "p1,2160-0,laboratory,2020-01-02,<0.1,mg/dL,0.6,1.2\n" +
        "p1,72166-2,social-history,2020-01-03,Never smoked,,,\n",
    );
    await map(
      intake,
      events({
        kind: "observation",
        person: "who",
        code: "code",
        system: "http://loinc.org",
        category: "kind",
        start: "day",
        value: "value",
        unit: "unit",
        rangeLow: "low",
        rangeHigh: "high",
      }),
    );
    expect(
      await intake.warehouse.rows(
        `select value_as_number, operator_concept_id, unit_concept_id, unit_source_value, range_low, range_high,
           measurement_type_concept_id, value_source_value
         from cdm.measurement order by measurement_date`,
      ),
    ).toEqual([
      {
        value_as_number: 70.5,
        operator_concept_id: null,
        unit_concept_id: 9529,
        unit_source_value: "kg",
        range_low: null,
        range_high: null,
        measurement_type_concept_id: 32817,
        value_source_value: "70.5",
      },
      {
        value_as_number: 0.1,
        operator_concept_id: 4171756,
        unit_concept_id: 8840,
        unit_source_value: "mg/dL",
        range_low: 0.6,
        range_high: 1.2,
        measurement_type_concept_id: 32856,
        value_source_value: "<0.1",
      },
    ]);
    expect(await intake.warehouse.rows("select value_as_number, value_as_string from cdm.observation")).toEqual([
      { value_as_number: null, value_as_string: "Never smoked" },
    ]);
  });

  it("may be several events, each on its condition; one to which none applies is dropped and says so", async () => {
    await using intake = await openIntake(vocabulary);
    await intake.write("people.csv", twoPeople);
    await intake.write(
      "events.csv",
      "who,day,state,weight,pulse\np1,2020-01-01,ok,70,60\np1,2020-01-02,ok,71,\np1,2020-01-03,ok,,\n",
    );
    const loinc = { kind: "observation", person: "who", start: "day", system: "http://loinc.org" } as const;
    const { dropped, resources, tables } = await map(
      intake,
      events(
        { ...loinc, code: { constant: "29463-7" }, value: "weight", unit: { constant: "kg" }, when: "weight" },
        { ...loinc, code: { constant: "8867-4" }, value: "pulse", unit: { constant: "/min" }, when: "pulse" },
        { ...loinc, code: { constant: "8302-2" }, when: { column: "state", equals: ["bad", "worse"] } },
      ),
    );
    expect(tables.measurement).toBe(3);
    expect(resources.by_type["events.csv"]).toMatchObject({ read: 3, mapped: 2, dropped: 1 });
    expect(dropped).toEqual([{ resource_type: "events.csv", reason: "NO_EVENT", count: 1 }]);
  });

  it("is nowhere when its file could not be read, and the rest is mapped", async () => {
    await using intake = await openIntake(vocabulary);
    await intake.write("people.csv", twoPeople);
    await intake.write("events.csv", "");
    const { resources } = await map(
      intake,
      events({ kind: "condition", person: "who", code: "code", system: snomed, start: "day", when: "code" }),
    );
    expect(resources).toMatchObject({ read: 3, mapped: 2, quarantined: 1 });
  });

  it("takes the first of several columns that has something, and does without those the file does not have", async () => {
    await using intake = await openIntake(vocabulary);
    await intake.write("people.csv", twoPeople);
    await intake.write(
      "events.csv",
      "who,code,day,noted\np1,195662009,,2020-01-02\np1,195662009,2020-01-01,2020-01-02\n",
    );
    await map(
      intake,
      events({
        kind: "condition",
        person: "who",
        code: "code",
        system: [{ column: "SYSTEM" }, { constant: snomed }],
        start: ["onset", "day", "noted"],
        end: ["stop"],
      }),
    );
    expect(
      await intake.warehouse.rows(
        "select condition_concept_id, condition_start_date from cdm.condition_occurrence order by 2",
      ),
    ).toEqual([
      { condition_concept_id: 4112343, condition_start_date: "2020-01-01" },
      { condition_concept_id: 4112343, condition_start_date: "2020-01-02" },
    ]);
  });

  it("belongs to the visit it names, and starts with it when it has no date", async () => {
    await using intake = await openIntake(vocabulary);
    await intake.write("people.csv", twoPeople);
    await intake.write("stays.csv", "id,who,from\nv1,p1,2020-05-01\n");
    await intake.write(
      "events.csv",
      "who,visit,code,day\np1,v1,195662009,\np1,v9,195662009,2020-01-01\np1,,195662009,\n",
    );
    const { dropped } = await map(intake, {
      ...events({ kind: "condition", person: "who", visit: "visit", code: "code", system: snomed, start: "day" }),
      "stays.csv": { visit: { id: "id", person: "who", start: "from" } },
    });
    expect(
      await intake.warehouse.rows(
        `select condition_start_date, visit_start_date from cdm.condition_occurrence
         left join cdm.visit_occurrence using (visit_occurrence_id) order by 1`,
      ),
    ).toEqual([
      { condition_start_date: "2020-01-01", visit_start_date: null },
      { condition_start_date: "2020-05-01", visit_start_date: "2020-05-01" },
    ]);
    expect(dropped).toEqual([{ resource_type: "events.csv", reason: "NO_DATE", count: 1 }]);
  });

  it("can be mapped again from the warehouse alone, each source through its own mapping", async () => {
    await using intake = await openIntake(vocabulary);
    const condition = { kind: "condition", person: "who", code: "code", start: "day" } as const;
    await intake.write("people.csv", twoPeople);
    await intake.write("events.csv", "who,code,day\np1,195662009,2020-01-01\n");
    await map(intake, events({ ...condition, system: snomed }), "north");
    await intake.write("events.csv", "who,dx,day\np1,K92.2,2020-01-01\n");
    await map(intake, events({ ...condition, code: "dx", system: "http://hl7.org/fhir/sid/icd-10-cm" }), "south");
    const result = () => intake.warehouse.rows("from cdm.condition_occurrence order by condition_source_value");
    const before = await result();
    expect(before.map(({ condition_source_value }) => condition_source_value)).toEqual(["195662009", "K92.2"]);
    await Promise.all(["people.csv", "events.csv"].map((file) => rm(`${intake.folder}/${file}`)));
    const nothingNew: Stage<undefined, Landed> = {
      name: "nothingNew",
      execute: (_input, { runId }) => ({ stage: "landed", runId, files: [] }),
    };
    await pipeline(nothingNew, mapToOmop()).run(intake.warehouse);
    expect(await result()).toEqual(before);
  });
});

describe("the order of rows", () => {
  it("has no say in what the CDM holds", async () => {
    const folder = inProject("sample-data/csv");
    const names = ["patients", "encounters", "conditions"];
    const tables = ["person", "visit_occurrence", "condition_occurrence", "observation", "observation_period"];
    const texts = await Promise.all(names.map((name) => readFile(`${folder}/${name}.csv`, "utf8")));
    const cdm = async (order: (rows: string[]) => string[]) => {
      await using intake = await openIntake(vocabulary);
      for (const [i, text] of texts.entries()) {
        const [header, ...rows] = text.trimEnd().split("\n");
        await intake.write(`${names[i]}.csv`, `${[header, ...order(rows)].join("\n")}\n`);
      }
      await pipeline(csvFiles(intake.folder, { mapping: "synthea" }), mapToOmop()).run(intake.warehouse);
      return await Promise.all(tables.map((table) => intake.warehouse.rows(`from cdm.${table} order by all`)));
    };
    const asWritten = await cdm((rows) => rows);
    expect(asWritten[0]!.length).toBeGreaterThan(0);
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.double({ noNaN: true })), async (numbers) => {
        const shuffle = (rows: string[]) =>
          rows
            .map((row) => ({ row, rank: Number(numbers.next().value) }))
            .sort((a, b) => a.rank - b.rank)
            .map(({ row }) => row);
        expect(await cdm(shuffle)).toEqual(asWritten);
      }),
      { numRuns: 3 },
    );
  });
});
