import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PatientHistory } from "../../schemas/phenom.ts";
import { patientHistories } from "../../src/features/patient-histories.ts";
import { fhirFiles } from "../../src/ingest/fhir-files.ts";
import { mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";
import { openFolder, vocabularyCache } from "../support/folder.ts";
import { projectFile } from "../support/sources.ts";

const coding = (system: string, code: string) => ({ coding: [{ system, code }] });
const snomed = (code: string) => coding("http://snomed.info/sct", code);
const rxnorm = (code: string) => coding("http://www.nlm.nih.gov/research/umls/rxnorm", code);

// Codes that are no condition and no procedure by the domain of their concept.
const obesity = snomed("162864005");
const employed = snomed("160903007");
const spirometry = snomed("127783003");
const diabetes = snomed("44054006");

type Resource = { readonly resourceType: string } & { readonly [member: string]: unknown };

const condition = (code: object): Resource => ({ resourceType: "Condition", code, onsetDateTime: "2020-01-01" });
const procedure = (code: object): Resource => ({
  resourceType: "Procedure",
  status: "completed",
  code,
  performedDateTime: "2020-01-02",
});
const observation = (code: object): Resource => ({
  resourceType: "Observation",
  status: "final",
  code,
  effectiveDateTime: "2020-01-03",
  valueBoolean: false,
});
const ofMother = (code: object): Resource => ({
  resourceType: "FamilyMemberHistory",
  status: "completed",
  date: "2020-01-04",
  relationship: coding("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "MTH"),
  condition: [{ code }],
});
const allergy = (code: object): Resource => ({ resourceType: "AllergyIntolerance", code, recordedDate: "2020-01-05" });

/** The records of each patient, beside one that gives everybody a history. */
const patients: Readonly<{ [id: string]: readonly Resource[] }> = {
  obese: [condition(obesity)],
  tested: [procedure(spirometry)],
  injured: [condition(coding("http://hl7.org/fhir/sid/icd-10", "V74.2"))],
  working: [condition(employed)],
  asked: [observation(employed)],
  daughter: [ofMother(diabetes)],
  allergic: [allergy(rxnorm("197696"))],
};

let warehouse: Warehouse;

beforeAll(async () => {
  await using folder = await openFolder();
  const records = Object.entries(patients).flatMap(([id, own]) => [
    { resourceType: "Patient", id, birthDate: "1950-06-01" },
    ...[procedure(snomed("40701008")), ...own].map((record, i) => {
      const reference = { reference: `Patient/${id}` };
      return { ...record, id: `${id}-${i}`, subject: reference, patient: reference };
    }),
  ]);
  await folder.write("records.ndjson", records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  warehouse = await openWarehouse(":memory:", { vocabulary: projectFile("sample-data/vocabulary"), vocabularyCache });
  await pipeline(fhirFiles(folder.path), mapToOmop(), patientHistories({ asOf: "2026-01-01" })).run(warehouse);
});
afterAll(() => warehouse.close());

async function historyOf(id: string) {
  const row = await warehouse.row<{ history: string; not_expressed: number }>(
    `select history::varchar as history, not_expressed
     from features.patient_history join cdm.person using (person_id) where person_source_value = $1`,
    [id],
  );
  const { diagnoses, procedures, medications, lab_results } = JSON.parse(row!.history) as PatientHistory;
  const codes = (list: readonly { readonly code: string }[] | null | undefined) => list?.map(({ code }) => code);
  return {
    diagnoses: codes(diagnoses),
    procedures: codes(procedures)?.filter((code) => code !== "40701008"),
    medications: codes(medications),
    lab_results,
    not_expressed: row!.not_expressed,
  };
}

const nothing = { diagnoses: [], procedures: [], medications: [], lab_results: [], not_expressed: 0 };

describe("what became a measurement or an observation by its concept", () => {
  it("is there", async () => {
    const count = (table: string) => warehouse.row(`select count(*)::integer as rows from cdm.${table}`);
    expect([await count("measurement"), await count("observation")]).toEqual([{ rows: 1 }, { rows: 6 }]);
  });

  it("is a diagnosis where it was recorded as one", async () => {
    expect(await historyOf("obese")).toEqual({ ...nothing, diagnoses: ["162864005"] });
  });

  it("is there once where its code means a condition and an observation", async () => {
    expect(await historyOf("injured")).toEqual({ ...nothing, diagnoses: ["V74.2"] });
  });

  it("is a procedure where it was recorded as one", async () => {
    expect(await historyOf("tested")).toEqual({ ...nothing, procedures: ["127783003"] });
  });

  it("is counted, not guessed, where its code stands in records of several kinds", async () => {
    expect(await historyOf("working")).toEqual({ ...nothing, not_expressed: 1 });
    expect(await historyOf("asked")).toEqual({ ...nothing, not_expressed: 1 });
  });

  it("is none of the person's where it is a relative's, or an allergy", async () => {
    expect(await historyOf("daughter")).toEqual(nothing);
    expect(await historyOf("allergic")).toEqual(nothing);
  });
});
