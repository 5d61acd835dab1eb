import { type DiseaseName, diseases } from "./catalogue/diseases.ts";
import { drugs } from "./catalogue/drugs.ts";
import type { Illness } from "./catalogue/illnesses.ts";
import type { LabName } from "./catalogue/labs.ts";
import { type Chart, diagnose, openChart, openVisit, prescribe } from "./chart.ts";
import { checkUp } from "./check-up.ts";
import { addEdgeCases } from "./edge-cases.ts";
import type { Condition, Life } from "./life.ts";
import { takeLabs, takeVitalSigns } from "./measure.ts";
import { createPerson } from "./person.ts";
import { createRandom } from "./random.ts";
import { date, dateTime, day, recordsEnd } from "./time.ts";
import { type PlannedVisit, planLife } from "./timetable.ts";

/**
 * The life of patient `number` (from 1) of a seed: the same whatever other patients are made.
 * Some 60 resources on average, in a fifth of a millisecond.
 *
 * @example
 * createLife(1, 7).encounters.length;
 */
export function createLife(seed: number, number: number): Life {
  const random = createRandom(seed, number);
  const { person, traits } = createPerson(number, random);
  const { visits, death } = planLife(person, traits, random);
  if (death !== undefined) person.diedAt = dateTime(death);
  const chart = openChart(person, traits, random);
  for (const visit of visits) attend(chart, visit, (death ?? recordsEnd) - 14 * day);
  addEdgeCases(chart);
  return chart.life;
}

function attend(chart: Chart, visit: PlannedVisit, latest: number): void {
  const free = visit.at > chart.busyUntil;
  if (visit.purpose === "onset") {
    const at = free ? visit.at : chart.busyUntil + day;
    if (at < latest) findDisease(chart, visit.disease, at);
  }
  if (visit.purpose === "death") die(chart, visit.at);
  if (!free) return;
  if (visit.purpose === "check-up") checkUp(chart, visit.at);
  if (visit.purpose === "follow-up") followUp(chart, visit.at);
  if (visit.purpose === "illness") fallIll(chart, visit.illness, visit.at);
}

function findDisease(chart: Chart, name: DiseaseName, at: number): void {
  const disease = diseases[name];
  const place = disease.found ?? "AMB";
  const visit = openVisit(chart, at, {
    class: place,
    type: place === "AMB" ? "problem" : place === "EMER" ? "emergency" : "hospital",
    reason: disease.code,
    operations: disease.operations,
  });
  if (disease.replaces !== undefined) {
    const earlier = chart.diseases.get(disease.replaces);
    if (earlier !== undefined) earlier.abatement = date(at);
    chart.diseases.delete(disease.replaces);
  }
  const condition = diagnose(chart, visit, {
    code: disease.code,
    icd10cm: disease.icd10cm,
    category: place === "AMB" ? "problem-list-item" : "encounter-diagnosis",
    abatement: disease.days === undefined ? undefined : within(chart, at + disease.days * day),
  });
  chart.diseases.set(name, condition);
  takeVitalSigns(chart, visit, { acute: place !== "AMB" });
  takeLabs(chart, visit, [...(disease.firstLabs ?? []), ...(disease.labs ?? [])]);
  for (const [index, drug] of (disease.drugs ?? []).entries()) {
    if (chart.taking.has(drug) || (index > 0 && !chart.random.chance(0.4))) continue;
    prescribe(chart, visit, drug, condition);
    if (drugs[drug].repeats > 0) chart.taking.set(drug, condition);
  }
}

function followUp(chart: Chart, at: number): void {
  const followed = [...chart.diseases.keys()].filter((name) => diseases[name].drugs ?? diseases[name].labs);
  const first = followed[0];
  if (first === undefined) return;
  const visit = openVisit(chart, at, {
    class: chart.random.chance(0.1) ? "VR" : "AMB",
    type: "followUp",
    reason: diseases[first].code,
    operations: chart.random.chance(0.3) ? ["medication reconciliation"] : [],
  });
  if (visit.encounter.class === "AMB") {
    takeVitalSigns(chart, visit, { acute: false });
    takeLabs(chart, visit, someUsualLabs(chart, followed));
  }
  for (const [drug, condition] of chart.taking) {
    if (chart.random.chance(0.7)) prescribe(chart, visit, drug, condition);
  }
}

function someUsualLabs({ random }: Chart, names: readonly DiseaseName[]): LabName[] {
  return names.flatMap((name) => diseases[name].labs ?? []).filter(() => random.chance(0.4));
}

function fallIll(chart: Chart, illness: Illness, at: number): void {
  const types = { AMB: "problem", VR: "telemedicine", EMER: "emergency", IMP: "hospital" } as const;
  const visit = openVisit(chart, at, {
    class: illness.seen,
    type: types[illness.seen],
    reason: illness.code,
    operations: illness.operations,
  });
  const condition = diagnose(chart, visit, {
    code: illness.code,
    icd10cm: illness.icd10cm,
    category: "encounter-diagnosis",
    abatement: within(chart, at + chart.random.integer(...illness.days) * day),
  });
  if (illness.seen !== "VR") takeVitalSigns(chart, visit, { acute: true, fever: illness.fever });
  takeLabs(chart, visit, illness.labs ?? []);
  for (const drug of illness.drugs ?? []) prescribe(chart, visit, drug, condition);
}

function die(chart: Chart, at: number): void {
  const start = at - chart.random.integer(1, 5) * day;
  const gravest = gravestDisease(chart);
  if (gravest === undefined || start < chart.busyUntil) return;
  const visit = openVisit(chart, start, { class: "IMP", type: "hospital", reason: gravest.codes[0], end: at });
  visit.encounter.diagnosis = gravest.id;
  takeVitalSigns(chart, visit, { acute: true });
}

function gravestDisease(chart: Chart): Condition | undefined {
  const lethality = (name: DiseaseName) => diseases[name].lethality ?? 0;
  const names = [...chart.diseases.keys()].sort((one, other) => lethality(other) - lethality(one));
  return names[0] && chart.diseases.get(names[0]);
}

/** The date, if the patient lives to see it and it is in the years looked at; else undefined. */
function within(chart: Chart, at: number): string | undefined {
  const { diedAt } = chart.life.person;
  return at < (diedAt === undefined ? recordsEnd : Date.parse(diedAt)) ? date(at) : undefined;
}
