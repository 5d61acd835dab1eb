import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type PatientHistory, patientHistorySchema } from "../../schemas/phenom.ts";
import type { PatientHistoriesOptions } from "../../src/features/history-options.ts";
import { patientHistories } from "../../src/features/patient-histories.ts";
import { mappedWarehouse } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import type { Warehouse } from "../../src/warehouse/warehouse.ts";
import {
  type Coded,
  concept,
  condition,
  drug,
  measurement,
  openCdm,
  person,
  procedure,
  type Rows,
} from "../support/cdm.ts";
import { failureOf } from "../support/failure.ts";
import { openFolder } from "../support/folder.ts";
import { projectFile } from "../support/sources.ts";

const vocabulary = [
  concept(201826, "SNOMED", "44054006"),
  concept(35206882, "ICD10CM", "E11.9"),
  concept(4230911, "SNOMED", "40701008"),
  concept(2007, "ICD10PCS", "B24BZZZ"),
  concept(19019073, "RxNorm", "197696"),
  concept(45000001, "NDC", "00093101498"),
  concept(40213160, "CVX", "140"),
  concept(3004410, "LOINC", "4548-4"),
  concept(4184637, "SNOMED", "43396009"),
  concept(8840, "UCUM", "mg/dL"),
];

const build = (warehouse: Warehouse, asOf?: string, options: PatientHistoriesOptions = {}) =>
  pipeline(mappedWarehouse(), patientHistories({ asOf, patientId: "person_id", ...options })).run(warehouse);

interface Built {
  readonly patient_id: string;
  readonly history: PatientHistory;
  readonly events: number;
  readonly not_expressed: number;
}

/** The histories of these rows by person, each held against the contract. */
async function built(rows: Rows, asOf = "2026-01-01", options: PatientHistoriesOptions = {}): Promise<Built[]> {
  await using warehouse = await openCdm({ "vocab.concept": vocabulary, ...rows });
  await build(warehouse, asOf, options);
  const found = await warehouse.rows<Omit<Built, "history"> & { history: string }>(
    "select patient_id, history::varchar as history, events, not_expressed from features.patient_history order by person_id",
  );
  return found.map((row) => {
    const history = JSON.parse(row.history) as PatientHistory;
    expect(patientHistorySchema.safeParse(history).error).toBeUndefined();
    return { ...row, history };
  });
}

/** So that there is a history: nobody without any code has one. */
const background = { "cdm.procedure_occurrence": [procedure(1, "1999-01-01", { concept: 4230911 })] };

/** The one history of a person with these rows. */
async function historyOf(rows: Rows, asOf?: string, options?: PatientHistoriesOptions): Promise<Built> {
  const [only] = await built({ "cdm.person": [person(1)], ...background, ...rows }, asOf, options);
  return only!;
}

describe("a patient history", () => {
  it("is what the contract has, to the last member", async () => {
    const { history, events, not_expressed, patient_id } = await historyOf({
      "cdm.location": [{ location_id: 5, zip: "60614-1234" }],
      "cdm.person": [person(7, { gender_concept_id: 8507, location_id: 5 })],
      "cdm.condition_occurrence": [
        condition(7, "2021-03-04", { concept: 201826, source: 35206882, value: "E11.9" }),
        condition(7, "2019-01-02", { concept: 201826, source: 201826, value: "44054006" }),
      ],
      "cdm.procedure_occurrence": [procedure(7, "2020-05-06", { concept: 4230911, source: 2007, value: "B24BZZZ" })],
      "cdm.drug_exposure": [
        drug(7, "2020-02-02", { concept: 19019073, source: 45000001, value: "00093101498" }),
        drug(7, "2020-01-01", { concept: 40213160, source: 40213160, value: "140" }),
      ],
      "cdm.measurement": [
        measurement(7, "2021-03-04", { concept: 3004410, source: 3004410 }, { value_as_number: 9.1, range_high: 5.6 }),
      ],
    });
    expect(history).toEqual({
      patient: { patient_id: "7", birth_date: "1950-06-01", sex: "M", zip3: "606" },
      lab_results: [{ lab_date: "2021-03-04", loinc: "4548-4", value_abnormal: "H" }],
      diagnoses: [
        { diagnosis_date: "2019-01-02", code: "44054006", code_type_name: "SNOMED" },
        { diagnosis_date: "2021-03-04", code: "E11.9", code_type_name: "ICD10" },
      ],
      procedures: [{ procedure_date: "2020-05-06", code: "B24BZZZ", code_type_name: "ICD10PCS" }],
      medications: [
        { medication_start: "2020-01-01", code: "140", code_type: "CVX" },
        { medication_start: "2020-02-02", code: "00093101498", code_type: "NDC" },
      ],
    });
    expect([patient_id, events, not_expressed]).toEqual(["7", 6, 0]);
  });

  it("has all four lists, empty where there is nothing", async () => {
    const { history, events } = await historyOf({});
    expect(history).toEqual({
      patient: { patient_id: "1", birth_date: "1950-06-01", sex: "F", zip3: "000" },
      lab_results: [],
      diagnoses: [],
      procedures: [{ procedure_date: "1999-01-01", code: "40701008", code_type_name: "SNOMED" }],
      medications: [],
    });
    expect(events).toBe(1);
  });

  it("is one a person, each with that person's events", async () => {
    const people = Array.from({ length: 50 }, (_, i) => i + 1);
    const histories = await built({
      "cdm.person": people.map((id) => person(id)),
      "cdm.condition_occurrence": people.flatMap((id) =>
        Array.from({ length: id % 4 }, (_, i) => condition(id, `20${10 + i}-01-01`, { concept: 201826 })),
      ),
    });
    expect(histories.map(({ patient_id, events }) => [patient_id, events])).toEqual(
      people.filter((id) => id % 4 > 0).map((id) => [String(id), id % 4]),
    );
  });
});

describe("a birth date", () => {
  it.each([
    [{ month_of_birth: null, day_of_birth: null }, "1950-06-15"],
    [{ month_of_birth: 2, day_of_birth: null }, "1950-02-01"],
    [{ month_of_birth: 2, day_of_birth: 28 }, "1950-02-28"],
  ])("that is known as %o is %s", async (known, birth_date) => {
    const { history } = await historyOf({ "cdm.person": [person(1, known)] });
    expect(history.patient.birth_date).toBe(birth_date);
  });
});

describe("sex", () => {
  it.each([
    [8507, "M"],
    [8532, "F"],
    [8521, "U"],
    [0, "U"],
  ])("of concept %i is %s", async (gender_concept_id, sex) => {
    const { history } = await historyOf({ "cdm.person": [person(1, { gender_concept_id })] });
    expect(history.patient.sex).toBe(sex);
  });
});

describe("the first three digits of the ZIP code", () => {
  it.each([
    ["60614", "606"],
    ["00830", "008"],
    ["606", "606"],
    ["60", "000"],
    ["SW1A 1AA", "000"],
    [" 60614", "000"],
    ["", "000"],
    [null, "000"],
  ])("of %o are %s", async (zip, zip3) => {
    const { history } = await historyOf({
      "cdm.location": [{ location_id: 5, zip }],
      "cdm.person": [person(1, { location_id: 5 })],
    });
    expect(history.patient.zip3).toBe(zip3);
  });

  it("are 000 for a location that is not there", async () => {
    const { history } = await historyOf({ "cdm.person": [person(1, { location_id: 99 })] });
    expect(history.patient.zip3).toBe("000");
  });
});

describe("as of a day", () => {
  const rows = {
    "cdm.condition_occurrence": ["2019-12-31", "2020-01-01", "2020-01-02"].map((day) =>
      condition(1, day, { concept: 201826 }),
    ),
    "cdm.procedure_occurrence": [procedure(1, "2020-01-02", { concept: 4230911 })],
    "cdm.drug_exposure": [drug(1, "2020-01-02", { concept: 19019073 })],
    "cdm.measurement": [measurement(1, "2020-01-02", { concept: 3004410 })],
  };

  it("nothing later is in a history, nor counted; the day itself is", async () => {
    const { history, events, not_expressed } = await historyOf(rows, "2020-01-01");
    expect(history.diagnoses?.map(({ diagnosis_date }) => diagnosis_date)).toEqual(["2019-12-31", "2020-01-01"]);
    expect([history.procedures, history.medications, history.lab_results]).toEqual([[], [], []]);
    expect([events, not_expressed]).toEqual([2, 0]);
  });

  it("the next day has them", async () => {
    expect((await historyOf(rows, "2020-01-02")).events).toBe(6);
  });

  it("is today when it is not said", async () => {
    await using warehouse = await openCdm({ "cdm.person": [person(1)], ...coded(1) });
    const { asOf } = await build(warehouse);
    expect(Math.abs(Date.parse(asOf) - Date.now())).toBeLessThan(86_400_000);
    expect(await warehouse.row("select as_of from features.patient_history")).toEqual({ as_of: asOf });
  });

  it.each(["2026-02-30", "2026-1-1", "20260101", "2026-01-01T00:00:00", "tomorrow", "", "'; drop table x --"])(
    "is refused when it is no day: %s",
    async (asOf) => {
      await using warehouse = await openCdm({ "cdm.person": [person(1)] });
      expect(await failureOf(build(warehouse, asOf))).toMatchObject({
        code: "USAGE",
        stage: "patientHistories",
        message: `asOf must be a date such as 2026-01-31; "${asOf}" is none.`,
      });
    },
  );
});

describe("the code of an event", () => {
  it("is refused in a code system that there is not", async () => {
    await using warehouse = await openCdm({ "cdm.person": [person(1)], ...coded(1) });
    const error = await failureOf(build(warehouse, "2026-01-01", { codeSystems: { medications: ["RXNORM", "FOO"] } }));
    expect(error).toMatchObject({ code: "USAGE", stage: "patientHistories" });
    expect(error.message).toMatch(/no code system FOO for histories. There are: ATC, .*, SNOMED\./);
  });

  const mapping = (role: string, source_value: string, vocabulary_id: string | null, more: object = {}) => ({
    role,
    code_key: 1,
    source_value,
    vocabulary_id,
    source_concept_id: 0,
    target: 0,
    concept_id: 0,
    statement: false,
    status: "UNMAPPED",
    ...more,
  });
  const diagnosis = async (coded: Coded, mappings: readonly object[] = []) => {
    const { history, not_expressed } = await historyOf({
      "cdm.condition_occurrence": [condition(1, "2020-01-01", coded)],
      "mapping.code_mapping": mappings,
    });
    const [only] = history.diagnoses ?? [];
    return only ? `${only.code_type_name} ${only.code}` : { not_expressed };
  };

  it("is the source's own where its code system can be named, even if it has a standard concept", async () => {
    expect(await diagnosis({ concept: 201826, source: 35206882, value: "E11.9" })).toBe("ICD10 E11.9");
  });

  it("is that of the vocabulary, not the text as it was sent", async () => {
    expect(await diagnosis({ concept: 201826, source: 35206882, value: "e119" })).toBe("ICD10 E11.9");
  });

  it("is the standard one where the source's own cannot be expressed", async () => {
    expect(await diagnosis({ concept: 201826, source: 8840, value: "mg/dL" })).toBe("SNOMED 44054006");
    expect(await diagnosis({ concept: 201826, source: 0, value: "diabetes" })).toBe("SNOMED 44054006");
  });

  it("is the source's own where the vocabulary does not list it but its code system is known", async () => {
    const unlisted = { concept: 0, source: 0, value: "E11.9999" };
    expect(await diagnosis(unlisted, [mapping("condition", "E11.9999", "ICD10CM")])).toBe("ICD10 E11.9999");
  });

  it("is not guessed where a value stands for codes of two systems, or of another role", async () => {
    const unlisted = { concept: 0, source: 0, value: "1234" };
    const two = [mapping("condition", "1234", "ICD10CM"), mapping("condition", "1234", "SNOMED")];
    expect(await diagnosis(unlisted, two)).toEqual({ not_expressed: 1 });
    expect(await diagnosis(unlisted, [mapping("drug", "1234", "RxNorm")])).toEqual({ not_expressed: 1 });
  });

  it("is counted once where a drug and a vaccine have the same one", async () => {
    const mappings = [mapping("drug", "140", "RxNorm"), mapping("vaccine", "140", "CVX")];
    const one = { "cdm.drug_exposure": [drug(1, "2020-01-01", { value: "140" })] };
    const both = await historyOf({ ...one, "mapping.code_mapping": mappings });
    expect([both.history.medications, both.not_expressed]).toEqual([[], 1]);
    const vaccine = await historyOf({ ...one, "mapping.code_mapping": mappings.slice(1) });
    expect(vaccine.history.medications).toEqual([{ medication_start: "2020-01-01", code: "140", code_type: "CVX" }]);
  });

  it("that no code system can express is left out and counted", async () => {
    expect(await diagnosis({ value: "a cough" }, [mapping("condition", "a cough", null)])).toEqual({
      not_expressed: 1,
    });
    expect(await diagnosis({ concept: 8840, source: 8840 })).toEqual({ not_expressed: 1 });
    expect(await diagnosis({ value: null })).toEqual({ not_expressed: 1 });
  });
});

describe("a laboratory result", () => {
  const lab = async (coded: Coded, more: object = {}) => {
    const { history, not_expressed } = await historyOf({
      "cdm.measurement": [measurement(1, "2020-01-01", coded, more)],
    });
    return { result: history.lab_results?.[0], not_expressed };
  };

  it("is told by LOINC: that of the source, else the standard one", async () => {
    for (const source of [3004410, 4184637, 0]) {
      expect((await lab({ concept: 3004410, source })).result?.loinc, `source ${source}`).toBe("4548-4");
    }
  });

  it("without a LOINC code is left out and counted", async () => {
    expect(await lab({ concept: 4184637, source: 4184637 })).toEqual({ result: undefined, not_expressed: 1 });
  });

  it.each([
    [{ value_as_number: 3, range_low: 4, range_high: 5 }, "L"],
    [{ value_as_number: 6, range_low: 4, range_high: 5 }, "H"],
    [{ value_as_number: 4, range_low: 4, range_high: 5 }, "N"],
    [{ value_as_number: 5, range_low: 4, range_high: 5 }, "N"],
    [{ value_as_number: 6, range_high: 5 }, "H"],
    [{ value_as_number: 5, range_high: 5 }, "N"],
    [{ value_as_number: 3, range_low: 4 }, "L"],
    [{ value_as_number: 5 }, null],
    [{ range_low: 4, range_high: 5 }, null],
    // <4, <5, <=4, >5, >=5, >4
    [{ value_as_number: 1, range_low: 5, range_high: 4 }, null],
    [{ value_as_number: 4, operator_concept_id: 4171756, range_low: 4, range_high: 5 }, "L"],
    [{ value_as_number: 5, operator_concept_id: 4171756, range_low: 4, range_high: 9 }, null],
    [{ value_as_number: 4, operator_concept_id: 4171754, range_low: 4, range_high: 5 }, null],
    [{ value_as_number: 5, operator_concept_id: 4172704, range_low: 4, range_high: 5 }, "H"],
    [{ value_as_number: 5, operator_concept_id: 4171755, range_low: 4, range_high: 5 }, null],
    [{ value_as_number: 4, operator_concept_id: 4172704, range_low: 4, range_high: 5 }, null],
    [{ value_as_number: 4, operator_concept_id: 4171756, range_low: 0, range_high: 5 }, "N"],
    [{ value_as_number: 5, operator_concept_id: 4171754, range_high: 5 }, "N"],
    [{ value_as_number: 4, operator_concept_id: 4171755, range_low: 4 }, "N"],
    [{}, null],
  ])("of %o is marked %s", async (more, flag) => {
    expect((await lab({ concept: 3004410 }, more)).result).toEqual({
      lab_date: "2020-01-01",
      loinc: "4548-4",
      value_abnormal: flag,
    });
  });
});

/** Persons with one diagnosis each. */
const coded = (...ids: readonly number[]): Rows => ({
  "vocab.concept": vocabulary,
  "cdm.condition_occurrence": ids.map((id) => condition(id, "2019-01-01", { concept: 201826 })),
});

describe("building histories", () => {
  it("leaves a person out who is in the table of persons twice, and takes one whose place is there twice", async () => {
    await using warehouse = await openCdm({
      "cdm.location": [
        { location_id: 7, zip: "02139" },
        { location_id: 7, zip: "02140" },
      ],
      "cdm.person": [person(1), person(1, { year_of_birth: 1960 }), person(2, { location_id: 7 })],
      ...coded(1, 2),
    });
    expect(await build(warehouse, "2026-01-01")).toMatchObject({ patients: 1, excluded: 1 });
    expect(await warehouse.rows("select person_id, reason from features.history_exclusion")).toEqual([
      { person_id: 1, reason: "DUPLICATE" },
    ]);
    expect(await warehouse.rows("select person_id from features.patient_history")).toEqual([{ person_id: 2 }]);
  });

  it("tells how many there are, and passes on what came before", async () => {
    await using warehouse = await openCdm({ "cdm.person": [person(1), person(2), person(3)], ...coded(1, 2) });
    expect(await build(warehouse, "2026-01-01")).toEqual({
      stage: "histories",
      runId: expect.any(String),
      files: [],
      tables: { person: 3, condition_occurrence: 2 },
      asOf: "2026-01-01",
      patients: 2,
      excluded: 1,
      notExpressed: 0,
      built: 2,
    });
  });

  it("again replaces those that were there", async () => {
    await using warehouse = await openCdm({ "cdm.person": [person(1), person(2)], ...coded(1, 2) });
    await build(warehouse, "2026-01-01");
    await warehouse.run("delete from cdm.person where person_id = 1");
    await build(warehouse, "2020-01-01");
    expect(await warehouse.rows("select person_id, as_of from features.patient_history")).toEqual([
      { person_id: 2, as_of: "2020-01-01" },
    ]);
  });

  it("leaves those that were there when it is stopped", async () => {
    await using warehouse = await openCdm({ "cdm.person": [person(1)], ...coded(1) });
    await build(warehouse, "2026-01-01");
    const controller = new AbortController();
    const stopping = pipeline(mappedWarehouse(), patientHistories({ asOf: "2020-01-01" })).run(warehouse, {
      signal: controller.signal,
      onProgress: ({ stage }) => stage === "patientHistories" && controller.abort(),
    });
    expect((await failureOf(stopping)).code).toBe("ABORTED");
    expect(await warehouse.row("select as_of from features.patient_history")).toEqual({ as_of: "2026-01-01" });
  });

  it("builds what a run that was stopped has left, with no entry twice", async () => {
    await using warehouse = await openCdm({ "cdm.person": [person(1), person(2)], ...coded(1, 2) });
    await build(warehouse, "2026-01-01");
    await warehouse.run("delete from features.patient_history where person_id = 2");
    expect(await build(warehouse, "2026-01-01")).toMatchObject({ patients: 2, built: 1 });
    expect(await warehouse.rows("select person_id from features.history_event order by all")).toEqual([
      { person_id: 1 },
      { person_id: 2 },
    ]);
  });

  it("compresses them as the long texts that they are, and leaves the warehouse writing as it did", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm({ "cdm.person": [person(1)], ...coded(1) }, folder.file("a.duckdb"));
    const threshold = () => warehouse.row("select current_setting('checkpoint_threshold') as bytes");
    const before = await threshold();
    await build(warehouse, "2022-01-01");
    expect(await threshold()).toEqual(before);
    await warehouse.run("checkpoint");
    expect(
      await warehouse.rows(
        `select distinct compression from pragma_storage_info('features.patient_history')
         where column_name = 'history' and segment_type <> 'VALIDITY'`,
      ),
    ).toEqual([{ compression: "ZSTD" }]);
  });

  it("needs a CDM with rows", async () => {
    await using warehouse = await openCdm({});
    expect(await failureOf(build(warehouse))).toMatchObject({ code: "WAREHOUSE_INVALID", stage: "mappedWarehouse" });
  });
});

describe("persons without a history that can be sent", () => {
  it("are listed with the reason", async () => {
    await using warehouse = await openCdm({
      "vocab.concept": vocabulary,
      "cdm.person": [1, 2, 3, 4, 5].map((id) =>
        person(id, { 2: { year_of_birth: 2027 }, 3: { year_of_birth: 0 } }[id] ?? {}),
      ),
      "cdm.death": [
        { person_id: 4, death_date: "2025-12-31" },
        { person_id: 5, death_date: "2026-01-01" },
      ],
      "cdm.condition_occurrence": [2, 3, 4, 5].map((id) => condition(id, "2019-01-01", { concept: 201826 })),
    });
    expect(await build(warehouse, "2026-01-01")).toMatchObject({ patients: 1, excluded: 4 });
    expect(await warehouse.rows("select person_id, reason from features.history_exclusion order by all")).toEqual([
      { person_id: 1, reason: "NO_CODES" },
      { person_id: 2, reason: "NOT_BORN" },
      { person_id: 3, reason: "NO_BIRTH_DATE" },
      { person_id: 4, reason: "DEAD" },
    ]);
  });

  it("do not include one of 50,000 events: nothing of it is cut off", { timeout: 60_000 }, async () => {
    await using warehouse = await openCdm({ "vocab.concept": vocabulary, "cdm.person": [person(1)] });
    await warehouse.run(
      `insert into cdm.condition_occurrence by name
       select range as condition_occurrence_id, 1 as person_id, 201826 as condition_concept_id,
         date '1990-01-01' + (range % 10000)::integer as condition_start_date, 0 as condition_type_concept_id
       from range(50000)`,
    );
    await build(warehouse, "2026-01-01");
    expect(
      await warehouse.row(
        "select events, json_array_length(history, '$.diagnoses') as sent from features.patient_history",
      ),
    ).toEqual({ events: 50_000, sent: 50_000 });
  });
});

describe("a patient's identifier", () => {
  it("is a pseudonym: plain letters, the same in every run, another in another warehouse", async () => {
    const ids: string[] = [];
    for (let run = 0; run < 2; run++) {
      await using warehouse = await openCdm({
        "cdm.person": [person(1, { person_source_value: "Zoë Ångström 字" })],
        ...coded(1),
      });
      for (const asOf of ["2026-01-01", "2026-01-02"]) {
        await build(warehouse, asOf, { patientId: "pseudonym" });
        const row = await warehouse.row<{ id: string; inside: string }>(
          "select patient_id as id, history ->> '$.patient.patient_id' as inside from features.patient_history",
        );
        expect(row!.inside).toBe(row!.id);
        expect(row!.id).toMatch(/^[0-9a-f]{32}$/);
        ids.push(row!.id);
      }
    }
    expect(ids[0]).toBe(ids[1]);
    expect(new Set(ids).size).toBe(2);
  });
});

describe("building again", () => {
  it("builds only the histories that have changed, and gives what building all anew gives", async () => {
    const rows = {
      "cdm.person": [1, 2, 3, 4].map((id) => person(id)),
      ...coded(1, 2, 3, 4),
    };
    await using warehouse = await openCdm(rows);
    expect((await build(warehouse, "2026-01-01")).built).toBe(4);
    expect((await build(warehouse, "2026-01-02")).built).toBe(0);
    await warehouse.append("cdm.drug_exposure", [drug(2, "2020-01-01", { concept: 19019073 })]);
    await warehouse.run("update cdm.person set gender_concept_id = 8507 where person_id = 3");
    await warehouse.run("delete from cdm.condition_occurrence where person_id = 4");
    expect(await build(warehouse, "2026-01-02")).toMatchObject({ built: 2, patients: 3, excluded: 1 });
    const made = "select * exclude (run_id) from features.patient_history order by person_id";
    const events = "from features.history_event order by all";
    const nightly = [await warehouse.rows(made), await warehouse.rows(events)];
    await warehouse.run("delete from features.patient_history; delete from features.history_event");
    expect((await build(warehouse, "2026-01-02")).built).toBe(3);
    expect([await warehouse.rows(made), await warehouse.rows(events)]).toEqual(nightly);
  });
});

describe("options", () => {
  const diagnosis = { concept: 201826, source: 35206882, value: "E11.9" };
  const codes = async (options: PatientHistoriesOptions) => {
    const { history, not_expressed } = await historyOf(
      { "cdm.condition_occurrence": [condition(1, "2020-01-01", diagnosis)] },
      "2020-01-10",
      options,
    );
    return [history.diagnoses?.map(({ code, code_type_name }) => `${code_type_name} ${code}`).join(), not_expressed];
  };

  it.each([
    [{}, ["ICD10 E11.9", 0]],
    [{ icd: "undotted" }, ["ICD10 E119", 0]],
    [{ icd: "dotted" }, ["ICD10 E11.9", 0]],
    [{ codeSystems: { diagnoses: ["SNOMED", "ICD10"] } }, ["SNOMED 44054006", 0]],
    [{ codeSystems: { diagnoses: ["ICD9", "ICD10"] } }, ["ICD10 E11.9", 0]],
    [{ codeSystems: { medications: ["RXNORM"] } }, ["ICD10 E11.9", 0]],
  ] as const)("%o give %o", async (options, expected) => {
    expect(await codes(options)).toEqual(expected);
  });

  it("that no code fits leave the event out, counted", async () => {
    expect(await codes({ codeSystems: { diagnoses: ["ICD9"] } })).toEqual(["", 1]);
  });

  it.each([
    [9, 1],
    [10, 1],
    [7, 0],
  ])("look back %i days: %i diagnoses", async (lookBackDays, diagnoses) => {
    const { history } = await historyOf(
      {
        "cdm.condition_occurrence": [condition(1, "2020-01-01", diagnosis)],
        "cdm.procedure_occurrence": [procedure(1, "2020-01-09", { concept: 4230911 })],
      },
      "2020-01-10",
      { lookBackDays },
    );
    expect(history.diagnoses).toHaveLength(diagnoses);
  });

  it.each([
    { lookBackDays: 0 },
    { icd: "roman" },
    { codeSystems: { diagnoses: [] } },
    { codeSystems: { teeth: ["FDI"] } },
    { patientId: "name" },
  ])("that cannot be are refused: %o", async (options) => {
    await using warehouse = await openCdm({ "cdm.person": [person(1)], ...coded(1) });
    expect((await failureOf(build(warehouse, "2026-01-01", options as PatientHistoriesOptions))).code).toBe("USAGE");
  });

  it.each([0, 1.5, 1e9])("say how many days may be looked back when it is not so: %s", async (lookBackDays) => {
    await using warehouse = await openCdm({ "cdm.person": [person(1)] });
    const { message } = await failureOf(build(warehouse, "2026-01-01", { lookBackDays }));
    expect(message).toMatch(/a whole number of days, from 1 to 100,000\n.*lookBackDays/);
  });
});

describe("the flag of a laboratory result", () => {
  const observation = (id: string, ...codes: readonly string[]) => ({
    landing_source: "default",
    landing_file: 1,
    id,
    // One concept in several codings, or several.
    interpretation: JSON.stringify(
      codes
        .join(" ")
        .split(" and ")
        .map((some) => ({ coding: some.split(" ").map((code) => ({ code })) })),
    ),
  });
  const flagOf = async (interpretation: string, more: object) => {
    const row = measurement(1, "2020-01-01", { concept: 3004410 }, more) as { measurement_id: number };
    const { history } = await historyOf({
      "cdm.measurement": [row],
      "landing.observation": [observation("o", ...interpretation.split(" "))],
      "mapping.lineage": [
        {
          cdm_table: "measurement",
          cdm_id: row.measurement_id,
          source: "default",
          file_id: 1,
          resource_type: "Observation",
          resource_id: "o",
          part: 0,
          target: 0,
        },
      ],
    });
    return history.lab_results?.[0]?.value_abnormal;
  };

  it.each([
    ["HH", {}, "H"],
    ["A", {}, "Y"],
    ["of-the-laboratory LL", { value_as_number: 6, range_high: 5 }, "L"],
    ["of-the-laboratory and LL", { value_as_number: 6, range_high: 5 }, "L"],
    ["N", { value_as_number: 6, range_high: 5 }, "N"],
    ["POS", { value_as_number: 6, range_high: 5 }, "H"],
    ["POS", {}, null],
  ])("is by the interpretation %s where it says so, else by the range: %o is %s", async (code, more, flag) => {
    expect(await flagOf(code, more)).toBe(flag);
  });

  // The keys are those of the map that every mapping puts into its warehouse.
  const constants = readFileSync(projectFile("schemas/concept-map.csv"), "utf8")
    .split("\n")
    .map((line) => line.split(","))
    .filter(([key]) => key!.startsWith("qualifier:"))
    .map(([key, _preference, concept_id, name]) => ({
      key,
      concept_id: Number(concept_id),
      name,
      in_vocabulary: true,
      domain_id: "Meas Value",
    }));
  it.each([
    [4328749, "H"],
    [40484958, "H"],
    [4267416, "L"],
    [40484960, "L"],
    [4069590, "N"],
    [4088483, "Y"],
    [9191, null],
  ])("is by the concept of an interpretation in the row, whatever its value: %d is %s", async (concept, flag) => {
    // By its value alone it would be another one.
    const value = flag === null ? {} : { value_as_number: flag === "H" ? 6 : 9, range_high: 6 };
    const inRow = { value_as_concept_id: concept, ...value };
    const { history } = await historyOf({
      "cdm.measurement": [measurement(1, "2020-01-01", { concept: 3004410 }, inRow)],
      "mapping.concept_map": constants,
    });
    expect(history.lab_results?.[0]?.value_abnormal).toBe(flag);
  });
});
