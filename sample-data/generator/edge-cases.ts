import { drugs } from "./catalogue/drugs.ts";
import { labs } from "./catalogue/labs.ts";
import { vitalSigns } from "./catalogue/visits.ts";
import type { Chart } from "./chart.ts";
import { icd10, icd10cm, local, snomed } from "./codes.ts";
import type { Condition, Encounter, Life, Observation } from "./life.ts";
import { date, dateTime, day } from "./time.ts";

/** What real data does now and then: one case for each of the patients 2 to 13 of every twenty. */
const edgeCases: Readonly<Record<number, (chart: Chart, visit: Encounter) => void>> = {
  2: function onsetKnownToTheYear(chart, visit) {
    const yearBefore = String(Number(visit.start.slice(0, 4)) - 1);
    const codes = [snomed("446096008", "Perennial allergic rhinitis")];
    if (yearBefore > chart.life.person.birthDate) addCondition(chart, visit, { codes, onset: yearBefore });
  },
  3: function measuredInSomeMonth(chart, visit) {
    const value = { kind: "quantity", number: 72, unit: "kg" } as const;
    addObservation(chart, visit, { code: vitalSigns.weight, value, at: visit.start.slice(0, 7) });
  },
  4: function codesOfTheHouse(chart, visit) {
    addCondition(chart, visit, { codes: [local("FALL-2", "Unsteady when walking")] });
    const value = { kind: "quantity", number: 31, unit: "kg" } as const;
    addObservation(chart, visit, { code: local("GRIP-R", "Grip strength of the right hand"), value });
  },
  5: function conditionInWords(chart, visit) {
    addCondition(chart, visit, { codes: [], text: "Feels weak since the last cold" });
  },
  6: function resultThatIsMissing(chart, visit) {
    addObservation(chart, visit, {
      category: "laboratory",
      code: labs.potassium.code,
      absentBecause: "not-performed",
    });
  },
  7: function enteredInError(chart, visit) {
    const codes = [snomed("233604007", "Pneumonia")];
    addCondition(chart, visit, { codes, enteredInError: true });
    const value = { kind: "quantity", number: 720, unit: "kg" } as const;
    addObservation(chart, visit, { code: vitalSigns.weight, value, enteredInError: true });
  },
  8: function patientWhoIsNotInTheData(chart, visit) {
    const value = { kind: "quantity", number: 77, unit: "/min" } as const;
    const patient = chart.random.uuid();
    addObservation(chart, visit, { patient, encounter: undefined, code: vitalSigns.heartRate, value });
  },
  9: function billingCodeAlone(chart, visit) {
    const codes = [icd10cm("K92.2", "Gastrointestinal hemorrhage, unspecified")];
    addCondition(chart, visit, { codes });
  },
  10: function oneCodeForTwoConcepts(chart, visit) {
    const name =
      "Bus occupant injured in collision with heavy transport vehicle or bus, " +
      "person on outside of vehicle injured in nontraffic accident";
    addCondition(chart, visit, { codes: [icd10("V74.2", name)] });
  },
  11: function productCodeAlone(chart, visit) {
    const drug = drugs.celecoxib;
    chart.life.prescriptions.push({
      id: chart.random.uuid(),
      drug,
      named: "inline",
      at: visit.start,
      until: date(Date.parse(visit.start) + (drug.days - 1) * day),
      encounter: visit.id,
    });
  },
  12: function genderOtherThanSexAtBirth({ life }) {
    life.person.gender = "other";
  },
  13: function twoRaces({ life }) {
    life.person.races = life.person.races[0] === "white" ? ["white", "asian"] : [...life.person.races, "white"];
  },
};

/** Adds the edge case of this patient's number, if there is one, to the last visit of the life. */
export function addEdgeCases(chart: Chart): void {
  const visit = lastVisit(chart.life);
  if (visit !== undefined) edgeCases[chart.life.person.number % 20]?.(chart, visit);
}

function lastVisit({ encounters }: Life): Encounter | undefined {
  return encounters.findLast((encounter) => encounter.class === "AMB") ?? encounters.at(-1);
}

function addCondition(chart: Chart, visit: Encounter, condition: Partial<Condition> & { codes: Condition["codes"] }) {
  const today = visit.start.slice(0, 10);
  const usual = { category: "encounter-diagnosis", onset: today, recorded: today, encounter: visit.id } as const;
  chart.life.conditions.push({ id: chart.random.uuid(), ...usual, ...condition });
}

function addObservation(chart: Chart, visit: Encounter, observation: Partial<Observation> & Pick<Observation, "code">) {
  const usual = { category: "vital-signs", at: dateTime(Date.parse(visit.start)), encounter: visit.id } as const;
  chart.life.observations.push({ id: chart.random.uuid(), ...usual, ...observation });
}
