import type { DiseaseName } from "./catalogue/diseases.ts";
import { type DrugName, drugs } from "./catalogue/drugs.ts";
import { type OperationName, operations } from "./catalogue/operations.ts";
import { encounterTypes } from "./catalogue/visits.ts";
import { type Code, icd10cm } from "./codes.ts";
import type { Condition, Encounter, Life, Observation, Person, Prescription } from "./life.ts";
import type { Traits } from "./person.ts";
import type { Random } from "./random.ts";
import { date, dateTime, day, hour, minute, year } from "./time.ts";

/** A life while it is being written, with what the writer must remember from visit to visit. */
export interface Chart {
  readonly life: Life;
  readonly traits: Traits;
  readonly random: Random;
  /** The diseases the patient has, with their conditions. */
  readonly diseases: Map<DiseaseName, Condition>;
  /** The drugs taken for them. */
  readonly taking: Map<DrugName, Condition>;
  /** Doses given so far and the time of the last, by vaccine code. */
  readonly doses: Map<string, { count: number; last: number }>;
  readonly medicationIds: Map<DrugName, string>;
  /** The end of the latest visit. */
  busyUntil: number;
}

/** One visit: its encounter and the clock of its events. */
export interface Visit {
  readonly encounter: Encounter;
  readonly start: number;
  readonly end: number;
  /** The patient's age in years. */
  readonly age: number;
}

export function openChart(person: Person, traits: Traits, random: Random): Chart {
  const life: Life = {
    person,
    encounters: [],
    conditions: [],
    observations: [],
    procedures: [],
    medications: [],
    prescriptions: [],
    vaccinations: [],
  };
  const memory = { diseases: new Map(), taking: new Map(), doses: new Map(), medicationIds: new Map() };
  return { life, traits, random, ...memory, busyUntil: 0 };
}

const stays = {
  AMB: { shortest: 15 * minute, longest: 45 * minute },
  VR: { shortest: 10 * minute, longest: 20 * minute },
  EMER: { shortest: 2 * hour, longest: 7 * hour },
  IMP: { shortest: 2 * day, longest: 8 * day },
} as const;

/** Begins a visit that is long enough for the given operations. */
export function openVisit(
  chart: Chart,
  start: number,
  kind: {
    class: Encounter["class"];
    type: keyof typeof encounterTypes;
    reason?: Code | undefined;
    operations?: readonly OperationName[] | undefined;
    end?: number | undefined;
  },
): Visit {
  const { shortest, longest } = stays[kind.class];
  const minutes = (kind.operations ?? []).reduce((sum, name) => sum + operations[name].minutes, 0);
  const stay = shortest + chart.random.next() * (longest - shortest) + minutes * minute;
  const end = kind.end ?? start + Math.floor(stay / minute) * minute;
  const encounter: Encounter = {
    id: chart.random.uuid(),
    class: kind.class,
    type: encounterTypes[kind.type],
    start: dateTime(start),
    end: dateTime(end),
    reason: kind.reason,
    leftFor: kind.class !== "IMP" ? undefined : kind.end === undefined ? "home" : "exp",
  };
  chart.life.encounters.push(encounter);
  chart.busyUntil = end;
  const visit = { encounter, start, end, age: (start - chart.traits.born) / year };
  operate(chart, visit, kind.operations ?? [], kind.reason);
  return visit;
}

/** Writes down a condition found at a visit. Every third one also gets its ICD-10-CM code. */
export function diagnose(
  chart: Chart,
  visit: Visit,
  found: {
    code: Code;
    icd10cm?: string | undefined;
    category: Condition["category"];
    abatement?: string | undefined;
  },
): Condition {
  const twice = found.icd10cm !== undefined && chart.random.chance(0.33);
  const condition: Condition = {
    id: chart.random.uuid(),
    codes: twice ? [found.code, icd10cm(found.icd10cm!)] : [found.code],
    category: found.category,
    onset: date(visit.start),
    recorded: date(visit.start),
    abatement: found.abatement,
    encounter: visit.encounter.id,
  };
  if (visit.encounter.class === "IMP") visit.encounter.diagnosis = condition.id;
  chart.life.conditions.push(condition);
  return condition;
}

/** Writes down what was observed at a visit. */
export function observe(chart: Chart, visit: Visit, seen: Omit<Observation, "id" | "at" | "encounter">): void {
  const at = dateTime(visit.start + 10 * minute);
  chart.life.observations.push({ id: chart.random.uuid(), ...seen, at, encounter: visit.encounter.id });
}

/** Prescribes a drug; one in five is named through a Medication resource. */
export function prescribe(chart: Chart, visit: Visit, name: DrugName, condition: Condition): void {
  const drug = drugs[name];
  const draw = chart.random.next();
  let named: Prescription["named"] = draw < 0.08 ? "contained" : "inline";
  if (draw > 0.88) {
    const medication = chart.medicationIds.get(name) ?? chart.random.uuid();
    if (!chart.medicationIds.has(name)) chart.life.medications.push({ id: medication, code: drug.code });
    chart.medicationIds.set(name, medication);
    named = { medication };
  }
  chart.life.prescriptions.push({
    id: chart.random.uuid(),
    drug,
    named,
    at: dateTime(visit.start + 12 * minute),
    until: date(visit.start + (drug.days - 1) * day),
    encounter: visit.encounter.id,
    reason: { condition: condition.id, code: condition.codes[0]! },
  });
}

function operate(chart: Chart, visit: Visit, names: readonly OperationName[], reason: Code | undefined): void {
  let start = visit.start + 5 * minute;
  for (const name of names) {
    const { code, minutes } = operations[name];
    const end = start + minutes * minute;
    chart.life.procedures.push({
      id: chart.random.uuid(),
      code,
      start: dateTime(start),
      end: dateTime(end),
      encounter: visit.encounter.id,
      reason,
    });
    start = end;
  }
}
