import type { Code } from "../../sample-data/generator/codes.ts";
import { createLife } from "../../sample-data/generator/patient.ts";
import type { PatientHistory } from "../../schemas/phenom.ts";

const codeTypes: Partial<Record<Code["system"], string>> = {
  SNOMED: "SNOMED",
  ICD10CM: "ICD10",
  ICD10: "ICD10",
  RxNorm: "RXNORM",
  NDC: "NDC",
};

/** The history of patient `number` of the sample-data generator; dates that are partial are filled up. */
export function sampleHistory(seed: number, number: number): PatientHistory {
  const { person, observations, conditions, procedures, prescriptions } = createLife(seed, number);
  const coded = (code: Code) => ({ code: code.code, code_type_name: codeTypes[code.system] ?? code.system });
  return {
    patient: {
      patient_id: `sample-${number}`,
      birth_date: dayOf(person.birthDate),
      sex: person.sexAtBirth === "male" ? "M" : "F",
      zip3: person.address.postalCode.slice(0, 3),
    },
    lab_results: observations
      .filter(({ category, enteredInError }) => category === "laboratory" && !enteredInError)
      .map(({ at, code, interpretation }) => ({
        lab_date: dayOf(at),
        loinc: code.code,
        value_abnormal: interpretation ?? null,
      })),
    diagnoses: conditions
      .filter(({ enteredInError }) => !enteredInError)
      .flatMap(({ onset, codes }) => codes.map((code) => ({ diagnosis_date: dayOf(onset), ...coded(code) }))),
    procedures: procedures
      .filter(({ enteredInError }) => !enteredInError)
      .map(({ start, code }) => ({ procedure_date: dayOf(start), ...coded(code) })),
    medications: prescriptions
      .filter(({ enteredInError }) => !enteredInError)
      .map(({ at, drug }) => ({
        medication_start: dayOf(at),
        code: drug.code.code,
        code_type: codeTypes[drug.code.system] ?? drug.code.system,
      })),
  };
}

/** The first ten characters of a FHIR date, where it has them; else its first day. */
function dayOf(date: string): string {
  return `${date}-01-01`.slice(0, 10);
}
