// What all clinical records have in common: person, visit, dates, concepts; the table is that of the concept's domain. One row a
// target concept.

import type { DuckDBDateValue, DuckDBValue } from "@duckdb/node-api";
import type { CodeableConcept, FhirResource, Quantity, Reference } from "fhir/r4.d.ts";
import type { Resolved, Role } from "./codes.ts";
import { dayOf, laterBy, madeUp, timeOf } from "./dates.ts";
import { idIn, type Job, type Person } from "./job.ts";
import type { TableName } from "./tables.ts";

export interface Event {
  readonly record: FhirResource;
  readonly part?: number;
  readonly subject: Reference | undefined;
  readonly encounter: Reference | undefined;
  readonly role: Role;
  readonly code: CodeableConcept | undefined;
  /** Where it goes when its concept says nothing against it. */
  readonly table: TableName;
  /** The rule that refuses it. */
  readonly refused: string | undefined;
  readonly start: string | undefined;
  readonly startFromVisit?: boolean;
  readonly end?: string | undefined;
  readonly type: string;
  readonly status?: string | undefined;
  readonly number?: number | null;
  readonly comparator?: string | null | undefined;
  readonly text?: string | null | undefined;
  readonly coded?: CodeableConcept | undefined;
  readonly constant?: string | undefined;
  readonly qualifier?: string | undefined;
  readonly unit?: Quantity | undefined;
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  readonly quantity?: number | undefined;
  readonly daysSupply?: number | null;
  readonly defaultDays?: number;
  readonly refills?: number | undefined;
  readonly sig?: string | null;
  readonly route?: CodeableConcept | undefined;
  readonly lot?: string | undefined;
  readonly doseUnit?: string | undefined;
}

export function addEvent(job: Job, event: Event): void {
  const { record, part = 0 } = event;
  const placed = placeEvent(job, event);
  if (typeof placed === "string") {
    job.drop(record, placed, part);
    return;
  }
  const { code, person, start, end } = placed;
  for (const [target, { concept, tables }] of code.targets.entries()) {
    const table = tables === undefined || tables.includes(event.table) ? event.table : tables[0]!;
    const id = job.nextId(table);
    rowOf[table]!(job, id, concept, placed);
    job.trace(table, id, record, part, target, imputedIn(table, placed));
    code.records++;
  }
  const last = end ?? start;
  if (person.firstEvent === undefined || start.days < person.firstEvent.days) person.firstEvent = start;
  if (person.lastEvent === undefined || last.days > person.lastEvent.days) person.lastEvent = last;
}

interface PlacedEvent {
  readonly event: Event;
  readonly person: Person;
  readonly visit: number | null;
  readonly code: Resolved;
  readonly start: DuckDBDateValue;
  readonly startTime: DuckDBValue;
  readonly end: DuckDBDateValue | null;
}

/** The event with all that it names, or the reason why it is no row. */
function placeEvent(job: Job, event: Event): PlacedEvent | string {
  if (event.refused !== undefined) return event.refused;
  const patient = idIn(event.subject);
  if (patient === undefined) return "NO_SUBJECT";
  const person = job.persons.get(patient);
  if (person === undefined) return "NO_PERSON";
  const code = job.codes.resolve(event.role, event.code);
  if (code === undefined || code.sourceValue === null) return "EMPTY_CODE";
  const named = job.visits.get(idIn(event.encounter) ?? "");
  const visit = named?.person === person ? named : undefined;
  const stated = dayOf(event.start);
  const start = stated ?? (event.startFromVisit ? visit?.start : undefined);
  if (start === undefined) return event.start ? "BAD_DATE" : "NO_DATE";
  const ended = dayOf(event.end);
  return {
    event,
    person,
    visit: visit?.id ?? null,
    code,
    start,
    startTime: stated === null ? null : timeOf(event.start),
    // A month or year in which something ended does not end before it began.
    end: ended !== null && event.end!.length < 10 && ended.days < start.days ? start : ended,
  };
}

/** Which of the dates was made up. */
function imputedIn(table: TableName, { event, end }: PlacedEvent): string | null {
  const { start, daysSupply, defaultDays = 1 } = event;
  const whole = start !== undefined && start.length >= 10 && (event.end === undefined || event.end.length >= 10);
  if (whole && (table !== "drug_exposure" || end !== null || daysSupply)) return null;
  const parts = [dayOf(start) === null ? "start from visit" : madeUp(start)];
  if (end !== null && event.end !== start && madeUp(event.end)) parts.push(`end ${madeUp(event.end)}`);
  if (table === "drug_exposure" && end === null && !daysSupply) {
    parts.push(defaultDays > 1 ? `end after ${defaultDays} days` : "end from start");
  }
  return parts.filter((part) => part !== null).join(", ") || null;
}

type AppendRow = (job: Job, id: number, concept: number, placed: PlacedEvent) => void;

const rowOf: Partial<Record<TableName, AppendRow>> = {
  condition_occurrence(job, id, concept, { person, visit, code, start, startTime, end, event }) {
    job.tables.append("condition_occurrence", [
      id,
      person.id,
      concept,
      start,
      startTime,
      end,
      timeOf(event.end),
      job.constant(`type:${event.type}`),
      event.status === undefined ? null : (job.constant(`condition status:${event.status}`) ?? 0),
      visit,
      code.sourceValue,
      code.sourceConcept,
      event.status ?? null,
    ]);
    if (concept === 0) return;
    const last = Math.max(start.days, end?.days ?? start.days + 1);
    job.conditions.push({ person: person.id, concept, start: start.days, end: last });
  },

  procedure_occurrence(job, id, concept, { person, visit, code, start, startTime, end, event }) {
    job.tables.append("procedure_occurrence", [
      id,
      person.id,
      concept,
      start,
      startTime,
      end,
      timeOf(event.end),
      job.constant(`type:${event.type}`),
      visit,
      code.sourceValue,
      code.sourceConcept,
    ]);
  },

  device_exposure(job, id, concept, { person, visit, code, start, startTime, end, event }) {
    job.tables.append("device_exposure", [
      id,
      person.id,
      concept,
      start,
      startTime,
      end,
      timeOf(event.end),
      job.constant(`type:${event.type}`),
      Math.round(event.quantity ?? 1),
      visit,
      code.sourceValue,
      code.sourceConcept,
    ]);
  },

  drug_exposure(job, id, concept, { person, visit, code, start, startTime, end, event }) {
    const { daysSupply = null, defaultDays = 1 } = event;
    const lastDay = daysSupply === null ? (end ?? laterBy(defaultDays - 1, start)) : laterBy(daysSupply - 1, start);
    const route = job.codes.resolve("route", event.route);
    if (route !== undefined) route.records++;
    job.tables.append("drug_exposure", [
      id,
      person.id,
      concept,
      start,
      startTime,
      lastDay,
      daysSupply === null ? timeOf(event.end) : null,
      job.constant(`type:${event.type}`),
      event.refills ?? null,
      event.quantity ?? null,
      daysSupply,
      event.sig ?? null,
      route?.concept ?? null,
      event.lot ?? null,
      visit,
      code.sourceValue,
      code.sourceConcept,
      route?.sourceValue ?? null,
      event.doseUnit ?? null,
    ]);
    for (const ingredient of job.vocabulary.ingredientsOf.get(concept) ?? []) {
      const last = Math.max(start.days, lastDay.days);
      job.exposures.push({ person: person.id, concept: ingredient, start: start.days, end: last });
    }
  },

  measurement(job, id, concept, { person, visit, code, start, startTime, event }) {
    const unit = unitOf(job, event.unit);
    const value = valueConcept(job, code, event);
    job.tables.append("measurement", [
      id,
      person.id,
      concept,
      start,
      startTime,
      job.constant(`type:${event.type}`),
      event.comparator ? job.constant(`comparator:${event.comparator}`) : null,
      event.number ?? null,
      value.concept,
      unit?.concept ?? null,
      event.low ?? null,
      event.high ?? null,
      visit,
      code.sourceValue,
      code.sourceConcept,
      event.unit?.code ?? event.unit?.unit ?? null,
      unit?.sourceConcept ?? null,
      event.text ?? null,
    ]);
  },

  observation(job, id, concept, { person, visit, code, start, startTime, event }) {
    const unit = unitOf(job, event.unit);
    const value = valueConcept(job, code, event);
    const number = event.number ?? null;
    job.tables.append("observation", [
      id,
      person.id,
      concept,
      start,
      startTime,
      job.constant(`type:${event.type}`),
      number,
      number === null && !value.concept ? (value.words ?? event.text ?? null) : null,
      value.concept,
      event.qualifier === undefined ? null : (job.constant(`qualifier:${event.qualifier}`) ?? 0),
      unit?.concept ?? null,
      visit,
      code.sourceValue,
      code.sourceConcept,
      event.unit?.code ?? event.unit?.unit ?? null,
      event.qualifier ?? null,
      event.text ?? null,
    ]);
  },
};

function unitOf(job: Job, quantity: Quantity | undefined): Resolved | undefined {
  if (quantity?.code === undefined && quantity?.unit === undefined) return undefined;
  const { system, code, unit: display } = quantity;
  const unit = job.codes.resolve("unit", { coding: [{ system: system!, code: code!, display: display! }] });
  unit!.records++;
  return unit;
}

function valueConcept(job: Job, code: Resolved, event: Event): { concept: number | null; words: string | undefined } {
  const coded = job.codes.resolve("value", event.coded);
  if (coded !== undefined) coded.records++;
  const constant = event.constant === undefined ? null : job.constant(event.constant);
  return {
    concept: coded?.concept ?? constant ?? code.value ?? (event.constant === undefined ? null : 0),
    words: coded?.coding?.display ?? event.coded?.text,
  };
}
