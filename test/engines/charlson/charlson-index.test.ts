import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PatientHistory } from "../../../schemas/phenom.ts";
import {
  ageOn,
  agePoints,
  charlsonGroups,
  charlsonIndex,
  latestDay,
  tenYearMortality,
} from "../../../src/engines/charlson/charlson-index.ts";

/** A patient of the given age on 2020-06-15, the day of all the diagnoses and of one laboratory result. */
function patientOf(age: number, icd10: readonly string[], snomed: readonly string[] = []): PatientHistory {
  const diagnosis = (code_type_name: string) => (code: string) => ({
    diagnosis_date: "2020-06-15",
    code,
    code_type_name,
  });
  return {
    patient: { patient_id: "p", birth_date: `${2020 - age}-06-15`, sex: "U", zip3: "606" },
    lab_results: [{ lab_date: "2020-06-15", loinc: "2160-0" }],
    diagnoses: [...icd10.map(diagnosis("ICD10")), ...snomed.map(diagnosis("SNOMED"))],
  };
}

describe("the age-adjusted Charlson index, worked by hand", () => {
  it.each([
    { who: "a healthy patient of 30", age: 30, icd10: [], index: 0 },
    { who: "hypertension alone, which does not count", age: 45, icd10: ["I10"], index: 0 },
    { who: "a myocardial infarction at 49", age: 49, icd10: ["I21.9"], index: 1 },
    { who: "a myocardial infarction at 50", age: 50, icd10: ["I21.9"], index: 2 },
    {
      who: "heart failure, COPD and diabetic nephropathy at 65",
      age: 65,
      icd10: ["I50.0", "J44.9", "E11.2"],
      index: 6,
    },
    { who: "breast cancer at 58", age: 58, icd10: ["C50.9"], index: 3 },
    { who: "breast cancer with bone metastases at 58", age: 58, icd10: ["C50.9", "C79.5"], index: 7 },
    { who: "cirrhosis with bleeding varices at 55", age: 55, icd10: ["K74.6", "I85.0"], index: 4 },
    { who: "AIDS at 35", age: 35, icd10: ["B24"], index: 6 },
    { who: "stroke with hemiplegia and dementia at 84", age: 84, icd10: ["I63.9", "G81.9", "F01.9"], index: 8 },
    {
      who: "dialysis, claudication and an ulcer at 72",
      age: 72,
      icd10: ["N18.5", "Z99.2", "I73.9", "K25.4"],
      index: 7,
    },
    {
      who: "lupus at 28 and basal cell skin cancer, which does not count",
      age: 28,
      icd10: ["M32.9", "C44.3"],
      index: 1,
    },
  ])("$who: $index", ({ age, icd10, index }) => {
    expect(charlsonIndex(patientOf(age, icd10))).toBe(index);
  });

  it("is the same by SNOMED CT as by ICD-10", () => {
    const byIcd10 = patientOf(65, ["I50.0", "J43.9", "E11.2", "G30.9"]);
    const bySnomed = patientOf(65, [], ["88805009", "87433001", "127013003", "26929004"]);
    expect(charlsonIndex(bySnomed)).toBe(charlsonIndex(byIcd10));
    expect(charlsonIndex(bySnomed)).toBe(7);
  });

  it("counts one disease once, whichever code systems name it", () => {
    expect(charlsonIndex(patientOf(40, ["I50.0", "I50", "I11.0"], ["88805009", "84114007"]))).toBe(1);
  });
});

describe("of a lighter and a heavier form of one disease", () => {
  it.each([
    ["liver disease", "K70.3", "K76.6", 3],
    ["diabetes", "E10.9", "E10.4", 2],
    ["cancer", "C18.9", "C78.7", 6],
  ])("only the heavier counts: %s", (_name, lighter, heavier, points) => {
    expect(charlsonIndex(patientOf(40, [lighter, heavier]))).toBe(points);
    expect(charlsonGroups(patientOf(40, [lighter, heavier]).diagnoses).size).toBe(1);
    expect(charlsonGroups(patientOf(40, [lighter]).diagnoses).size).toBe(1);
  });
});

describe("age", () => {
  it.each([
    [0, 0],
    [49, 0],
    [50, 1],
    [59, 1],
    [60, 2],
    [69, 2],
    [70, 3],
    [79, 3],
    [80, 4],
    [89, 4],
    [90, 4],
    [105, 4],
  ])("%i brings %i points", (age, points) => {
    expect(agePoints(age)).toBe(points);
  });

  it.each([
    ["2020-06-14", "1970-06-15", 49],
    ["2020-06-15", "1970-06-15", 50],
    ["2021-02-28", "1971-02-28", 50],
    ["2021-02-28", "1972-02-29", 48],
    ["2021-03-01", "1972-02-29", 49],
    ["2020-06-14", "2020-06-15", -1],
  ])("on %s of someone born on %s is %i", (day, birthDate, age) => {
    expect(ageOn(day, birthDate)).toBe(age);
  });

  it("is taken on the latest day of the history, whatever list it is in", () => {
    const history: PatientHistory = {
      patient: { patient_id: "p", birth_date: "1970-01-01", sex: "U", zip3: "606" },
      diagnoses: [{ diagnosis_date: "2010-01-01", code: "I50", code_type_name: "ICD10" }],
      procedures: [{ procedure_date: "2012-01-01", code: "x", code_type_name: "SNOMED" }],
      medications: [{ medication_start: "2020-01-01", code: "x", code_type: "ATC" }],
      lab_results: [{ lab_date: "2019-12-31", loinc: "x" }],
    };
    expect(latestDay(history)).toBe("2020-01-01");
    expect(charlsonIndex(history)).toBe(2);
    expect(charlsonIndex({ ...history, medications: [] })).toBe(1);
  });

  it("cannot be told, and is not guessed, when the history has no day", () => {
    const { patient } = patientOf(0, []);
    expect(charlsonIndex({ patient })).toBe("insufficient_history");
  });

  it("leaves no index for someone born after the latest day", () => {
    expect(charlsonIndex(patientOf(-1, ["I50"]))).toBe("demographic_ineligible");
  });
});

describe("the ten-year mortality", () => {
  it.each([
    [0, 0.017],
    [1, 0.0413],
    [2, 0.0985],
    [3, 0.2252],
    [4, 0.4661],
    [5, 0.7864],
    [6, 0.9775],
    [7, 0.9999],
  ])("at index %i is %f", (index, probability) => {
    expect(tenYearMortality(index)).toBeCloseTo(probability, 4);
  });

  it("grows with the index and stays a probability", () => {
    const estimates = Array.from({ length: 40 }, (_, index) => tenYearMortality(index));
    expect(estimates).toEqual([...estimates].sort((a, b) => a - b));
    expect(Math.max(...estimates)).toBeLessThanOrEqual(1);
  });
});

describe("whatever the diagnoses are", () => {
  const icd10 = fc
    .tuple(fc.constantFrom(..."ABCEFGHIJKMNPZ"), fc.integer({ min: 0, max: 999 }))
    .map(([letter, number]) => {
      return letter + String(number).padStart(3, "0");
    });
  const codes = fc.array(icd10, { maxLength: 12 });
  const indexOf = (list: readonly string[]): number => Number(charlsonIndex(patientOf(55, list)));

  it("their order does not matter", () => {
    fc.assert(fc.property(codes, (list) => indexOf(list) === indexOf([...list].reverse())));
  });

  it("repeating one changes nothing", () => {
    fc.assert(fc.property(codes, (list) => indexOf(list) === indexOf([...list, ...list])));
  });

  it("adding one never lowers the index", () => {
    fc.assert(fc.property(codes, icd10, (list, added) => indexOf([...list, added]) >= indexOf(list)));
  });
});
