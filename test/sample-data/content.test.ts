import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { resourcesOf } from "../../sample-data/generator/fhir-resources.ts";
import type { Life } from "../../sample-data/generator/life.ts";
import { createLife } from "../../sample-data/generator/patient.ts";
import { createRandom } from "../../sample-data/generator/random.ts";
import { codingsIn, type Json, ndjsonOf, ofType } from "./read-sample.ts";

const sampleData = fileURLToPath(new URL("../../sample-data", import.meta.url));
let resources: Json[];

beforeAll(async () => {
  resources = await ndjsonOf(sampleData);
});

describe("a life", () => {
  const anyLife = fc
    .tuple(fc.nat(), fc.integer({ min: 1, max: 1_000_000 }))
    .map(([seed, number]) => createLife(seed, number));
  const timesOf = (life: Life) => [
    ...life.encounters.flatMap(({ start, end }) => [start, end]),
    ...life.conditions.flatMap(({ onset, abatement }) => (onset.length < 10 ? [] : [onset, abatement ?? onset])),
    ...life.procedures.flatMap(({ start, end }) => [start, end]),
    ...life.vaccinations.map(({ at }) => at),
    ...life.prescriptions.map(({ at }) => at),
  ];

  test("has all its events from 2015 to 2025, after birth and before death", () => {
    fc.assert(
      fc.property(anyLife, (life) => {
        const { birthDate, diedAt = "2025-12-31T23:59:59Z" } = life.person;
        expect(birthDate >= "1950" && birthDate < "2026").toBe(true);
        for (const time of timesOf(life)) {
          expect(time >= "2015" && time.slice(0, 10) >= birthDate, `${time} after ${birthDate}`).toBe(true);
          expect(time <= diedAt, `${time} before ${diedAt}`).toBe(true);
        }
      }),
    );
  });

  test("has visits that do not overlap and end after they begin", () => {
    fc.assert(
      fc.property(anyLife, ({ encounters }) => {
        let free = "";
        for (const { start, end } of encounters) {
          expect(start > free && end > start).toBe(true);
          free = end;
        }
      }),
    );
  });

  test("has diseases that bring their drugs: insulin and metformin only after diabetes", () => {
    fc.assert(
      fc.property(anyLife, ({ conditions, prescriptions }) => {
        const onset = conditions.find(({ codes }) => codes[0]?.code === "44054006")?.onset ?? "9999";
        for (const { drug, at } of prescriptions) {
          if (["860975", "865098"].includes(drug.code.code)) expect(at >= onset).toBe(true);
        }
      }),
    );
  });

  test("differs from patient to patient and from seed to seed", () => {
    const first = (seed: number, patient: number) => createRandom(seed, patient).uuid();
    const ids = Array.from({ length: 3000 }, (_, index) => [first(1, index), first(index + 2, 1)]).flat();
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("nobody is real", () => {
  test("a patient's name is Sample, Person and a number; nothing else identifies", () => {
    for (const patient of ofType(resources, "Patient")) {
      expect(patient.name).toEqual([
        { use: "official", family: "Sample", given: [expect.stringMatching(/^Person\d{4}$/)] },
      ]);
      expect(patient.address[0].line[0]).toMatch(/^\d+ Sample Street$/);
      expect(Object.keys(patient)).not.toEqual(expect.arrayContaining(["identifier"]));
      expect(Object.keys(patient)).not.toEqual(expect.arrayContaining(["telecom"]));
    }
  });
});

describe("the 25 patients of the repository", () => {
  const hasCode = (code: string) => (resource: Json) => codingsIn(resource.code).some((coding) => coding.code === code);
  const count = (type: string, test: (resource: Json) => boolean) => ofType(resources, type).filter(test).length;

  test.each([
    ["diabetes", "44054006"],
    ["neuropathy of diabetes", "368581000119106"],
    ["kidney disease of diabetes", "127013003"],
    ["chronic obstructive bronchitis", "185086009"],
    ["heart failure", "84114007"],
    ["myocardial infarction", "22298006"],
    ["chronic kidney disease", "433144002"],
    ["dementia", "26929004"],
    ["breast cancer", "254837009"],
    ["colon cancer", "363406005"],
    ["metastasis", "94260004"],
    ["stroke", "230690007"],
  ])("include %s", (_name, code) => {
    expect(count("Condition", hasCode(code))).toBeGreaterThan(0);
  });

  test.each<[string, string, (resource: Json) => boolean]>([
    ["a death", "Patient", (patient) => patient.deceasedDateTime !== undefined],
    ["two races", "Patient", (patient) => patient.extension[0].extension.length === 3],
    ["a gender other than the sex at birth", "Patient", (patient) => patient.gender === "other"],
    ["a hospital stay", "Encounter", (encounter) => encounter.class.code === "IMP"],
    ["an emergency", "Encounter", (encounter) => encounter.class.code === "EMER"],
    ["a virtual visit", "Encounter", (encounter) => encounter.class.code === "VR"],
    ["an onset known to the year", "Condition", (condition) => condition.onsetDateTime.length === 4],
    ["a condition in words alone", "Condition", (condition) => condition.code.coding === undefined],
    ["a condition with two codings", "Condition", (condition) => condition.code.coding?.length === 2],
    ["an ICD-10-CM code alone", "Condition", (condition) => /icd-10-cm$/.test(condition.code.coding?.[0].system)],
    ["a code with two standard concepts", "Condition", hasCode("V74.2")],
    ["a code of the house", "Condition", hasCode("FALL-2")],
    ["a replaced code", "Condition", hasCode("15777000")],
    ["a record entered in error", "Condition", (condition) => condition.clinicalStatus === undefined],
    ["a month as time", "Observation", (observation) => observation.effectiveDateTime.length === 7],
    ["a missing result", "Observation", (observation) => observation.dataAbsentReason !== undefined],
    ["a result entered in error", "Observation", (observation) => observation.status === "entered-in-error"],
    ["a result beyond a limit", "Observation", (observation) => observation.valueQuantity?.comparator === ">"],
    ["a range and a mark", "Observation", (observation) => observation.referenceRange && observation.interpretation],
    ["a blood pressure in two parts", "Observation", (observation) => observation.component?.length === 2],
    ["a coded answer", "Observation", (observation) => observation.valueCodeableConcept !== undefined],
    ["a yes or no", "Observation", (observation) => observation.valueBoolean !== undefined],
    ["a result in words", "Observation", (observation) => observation.valueString !== undefined],
    ["a whole number", "Observation", (observation) => observation.valueInteger !== undefined],
    ["a contained medication", "MedicationRequest", (request) => request.contained !== undefined],
    ["a referenced medication", "MedicationRequest", (request) => /^Med/.test(request.medicationReference?.reference)],
    [
      "a product code alone",
      "MedicationRequest",
      ({ medicationCodeableConcept: concept }) => concept?.coding.length === 1 && /ndc$/.test(concept.coding[0].system),
    ],
    ["a vaccination", "Immunization", (immunization) => immunization.primarySource],
    ["an operation", "Procedure", (procedure) => procedure.performedPeriod !== undefined],
  ])("include %s", (_name, type, test) => {
    expect(count(type, test)).toBeGreaterThan(0);
  });

  test("include one event of a patient who is not in the data", () => {
    const patients = new Set(ofType(resources, "Patient").map((patient) => `Patient/${patient.id}`));
    const strangers = resources.filter(({ subject }) => subject !== undefined && !patients.has(subject.reference));
    expect(strangers.map((resource) => resource.resourceType)).toEqual(["Observation"]);
  });

  test("are as a patient's resources come from the generator", () => {
    const made = resourcesOf(createLife(1, 1), (type, id) => `${type}/${id}`);
    expect(resources).toEqual(expect.arrayContaining(JSON.parse(JSON.stringify(made))));
  });
});
