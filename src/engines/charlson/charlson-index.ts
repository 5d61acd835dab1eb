import type { PatientHistory } from "../../../schemas/phenom.ts";
import { charlsonGroupOf } from "./code-groups.ts";
import { type CharlsonGroup, charlsonHierarchy, charlsonWeights } from "./groups.ts";

/**
 * The Charlson groups a patient belongs to, by the patient's diagnoses: each group once, however many codes speak for
 * it, and of a lighter and a heavier form of one disease only the heavier.
 */
export function charlsonGroups(diagnoses: PatientHistory["diagnoses"]): Set<CharlsonGroup> {
  const groups = new Set<CharlsonGroup>();
  for (const { code, code_type_name } of diagnoses ?? []) {
    const group = charlsonGroupOf(code, code_type_name);
    if (group) groups.add(group);
  }
  for (const [lighter, heavier] of charlsonHierarchy) if (groups.has(heavier)) groups.delete(lighter);
  return groups;
}

/**
 * Points for age: one for each decade from 50, four at most. Source: Charlson et al. 1994
 * (doi:10.1016/0895-4356(94)90129-5).
 *
 * @example
 * agePoints(49); // 0
 * agePoints(50); // 1
 * agePoints(93); // 4
 */
export function agePoints(age: number): number {
  return Math.min(4, Math.max(0, Math.floor(age / 10) - 4));
}

/** Age in whole years on a day. Both days are YYYY-MM-DD. Negative before birth. */
export function ageOn(day: string, birthDate: string): number {
  const years = Number(day.slice(0, 4)) - Number(birthDate.slice(0, 4));
  return day.slice(5) < birthDate.slice(5) ? years - 1 : years;
}

/** The latest day on which anything happened to the patient, or undefined when nothing is recorded. */
export function latestDay(history: PatientHistory): string | undefined {
  const days = [
    ...(history.lab_results ?? []).map((result) => result.lab_date),
    ...(history.diagnoses ?? []).map((diagnosis) => diagnosis.diagnosis_date),
    ...(history.procedures ?? []).map((procedure) => procedure.procedure_date),
    ...(history.medications ?? []).map((medication) => medication.medication_start),
  ];
  return days.reduce<string | undefined>(
    (latest, day) => (latest !== undefined && latest > day ? latest : day),
    undefined,
  );
}

/** Why a patient has no index, in the words of the contract. */
export type Exclusion = "insufficient_history" | "demographic_ineligible";

/** The same in words for people. */
export const exclusionDetails: Readonly<Record<Exclusion, string>> = {
  insufficient_history: "Nothing in the history has a day, so there is no day to tell the age on",
  demographic_ineligible: "The patient was born after the latest day of the history",
};

/**
 * The age-adjusted Charlson index of a patient as of the latest day in the history. As of that day every diagnosis in the
 * history counts. A patient without any day in the history, or born after it, has none.
 *
 * @example
 * charlsonIndex(history); // 3, for a patient of 67 with heart failure
 */
export function charlsonIndex(history: PatientHistory): number | Exclusion {
  const asOf = latestDay(history);
  if (asOf === undefined) return "insufficient_history";
  const age = ageOn(asOf, history.patient.birth_date);
  if (age < 0) return "demographic_ineligible";
  let points = agePoints(age);
  for (const group of charlsonGroups(history.diagnoses)) points += charlsonWeights[group];
  return points;
}

/**
 * The customary estimate of the probability to die within ten years, from the age-adjusted index:
 * 1 − 0.983 ^ e ^ (0.9 · index), where 0.983 is the ten-year survival of a population at low risk.
 *
 * @example
 * tenYearMortality(0); // 0.017
 * tenYearMortality(4); // 0.466
 */
export function tenYearMortality(index: number): number {
  return 1 - 0.983 ** Math.exp(0.9 * index);
}
