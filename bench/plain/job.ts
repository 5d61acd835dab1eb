// What all records share while they are mapped: the persons, visits and drugs they name, and where their rows go.

import type { DuckDBDateValue, DuckDBTimestampValue } from "@duckdb/node-api";
import type { CodeableConcept, FhirResource, Reference } from "fhir/r4.d.ts";
import { type Codes, createCodes } from "./codes.ts";
import type { TableName, Tables } from "./tables.ts";
import type { Vocabulary } from "./vocabulary.ts";

export interface Person {
  readonly id: number;
  readonly birth: DuckDBDateValue;
  readonly visits: Visit[];
  /** The first and the last day on which something else happened. */
  firstEvent: DuckDBDateValue | undefined;
  lastEvent: DuckDBDateValue | undefined;
}

export interface Visit {
  readonly id: number;
  readonly person: Person;
  readonly start: DuckDBDateValue;
  readonly startTime: DuckDBTimestampValue | null;
  readonly end: DuckDBDateValue;
}

/** A span of days in which a person had a condition or took a drug. */
export interface Episode {
  readonly person: number;
  readonly concept: number;
  readonly start: number;
  readonly end: number;
}

export interface Job {
  readonly tables: Tables;
  readonly vocabulary: Vocabulary;
  readonly codes: Codes;
  readonly persons: Map<string, Person>;
  readonly visits: Map<string, Visit>;
  /** The codes of Medications by id. */
  readonly drugs: Map<string, CodeableConcept | undefined>;
  /** What visits say of conditions, by the id of the Condition. */
  readonly diagnoses: Map<string, string>;
  readonly conditions: Episode[];
  readonly exposures: Episode[];
  readonly droppedCounts: Map<string, number>;
  readonly constant: (key: string) => number | null;
  readonly nextId: (table: TableName) => number;
  readonly trace: (
    table: TableName,
    id: number,
    record: FhirResource,
    part?: number,
    target?: number,
    imputed?: string | null,
  ) => void;
  readonly drop: (record: FhirResource, reason: string, part?: number) => void;
}

export function createJob(tables: Tables, vocabulary: Vocabulary): Job {
  const ids = new Map<TableName, number>();
  const droppedCounts = new Map<string, number>();
  return {
    tables,
    vocabulary,
    codes: createCodes(vocabulary),
    persons: new Map(),
    visits: new Map(),
    drugs: new Map(),
    diagnoses: new Map(),
    conditions: [],
    exposures: [],
    droppedCounts,
    constant: (key) => vocabulary.constants.get(key) ?? null,
    nextId(table) {
      const id = (ids.get(table) ?? 0) + 1;
      ids.set(table, id);
      return id;
    },
    trace(table, id, record, part = 0, target = 0, imputed = null) {
      tables.append("lineage", [table, id, record.resourceType, record.id!, part, target, imputed]);
    },
    drop(record, reason, part = 0) {
      const kind = `${record.resourceType} ${reason}`;
      droppedCounts.set(kind, (droppedCounts.get(kind) ?? 0) + 1);
      tables.append("dropped", [record.resourceType, record.id ?? null, part, reason]);
    },
  };
}

/** "Patient/1" names the Patient 1. */
export function idIn(reference: Reference | undefined): string | undefined {
  const name = reference?.reference;
  return name?.slice(name.lastIndexOf("/") + 1);
}
