// Encounter → visit_occurrence, and what visits say of the conditions that were diagnosed in them.

import type { DuckDBValue } from "@duckdb/node-api";
import type { Encounter } from "fhir/r4.d.ts";
import { dayOf, madeUp, timeOf } from "./dates.ts";
import { idIn, type Job, type Visit } from "./job.ts";

const taken = new Set(["finished", "in-progress", "arrived", "triaged", "onleave"]);
const rolesOfDiagnoses = ["AD", "DD", "pre-op", "post-op"];

export interface VisitMapper {
  readonly map: (encounter: Encounter) => void;
  /** Writes the visits, each with the one before it. */
  readonly finish: () => void;
}

export function createVisitMapper(job: Job): VisitMapper {
  const rows = new Map<Visit, DuckDBValue[]>();
  const ranks = new Map<string, number>();
  const type = job.constant("type:EHR encounter record");

  function noteDiagnoses({ diagnosis = [] }: Encounter): void {
    for (const { condition, use, rank } of diagnosis) {
      const role = use?.coding?.find(({ code }) => rolesOfDiagnoses.includes(code ?? ""))?.code;
      const status = role ?? (rank === undefined ? undefined : rank === 1 ? "primary" : "secondary");
      const id = idIn(condition);
      if (id === undefined || status === undefined || (ranks.get(id) ?? Number.POSITIVE_INFINITY) <= (rank ?? 1000)) {
        continue;
      }
      ranks.set(id, rank ?? 1000);
      job.diagnoses.set(id, status);
    }
  }

  return {
    map(encounter) {
      noteDiagnoses(encounter);
      const { period, hospitalization } = encounter;
      const person = job.persons.get(idIn(encounter.subject) ?? "");
      const start = dayOf(period?.start);
      if (refusalOf(encounter) !== undefined || person === undefined || start === null) {
        const undated = period?.start ? "BAD_DATE" : "NO_DATE";
        const unlinked = encounter.subject === undefined ? "NO_SUBJECT" : "NO_PERSON";
        job.drop(encounter, refusalOf(encounter) ?? (person === undefined ? unlinked : undated));
        return;
      }
      const id = job.nextId("visit_occurrence");
      const startTime = timeOf(period?.start);
      const ended = dayOf(period?.end);
      const end = ended ?? start;
      const visit = { id, person, start, startTime, end };
      job.visits.set(encounter.id!, visit);
      person.visits.push(visit);
      const kind = job.codes.resolve("visit", encounter.type?.[0]);
      const discharged = hospitalization?.dischargeDisposition?.coding?.[0]?.code;
      rows.set(visit, [
        id,
        person.id,
        kind?.concept || (job.constant(`encounter class:${encounter.class?.code}`) ?? 0),
        start,
        startTime,
        end,
        ended === null ? startTime : timeOf(period?.end),
        type,
        encounter.class?.code ?? kind?.sourceValue ?? null,
        0,
        discharged === undefined ? null : (job.constant(`discharge disposition:${discharged}`) ?? 0),
        discharged ?? null,
        null,
      ]);
      const ending = ended === null ? "end from start" : madeUp(period?.end) && `end ${madeUp(period?.end)}`;
      job.trace(
        "visit_occurrence",
        id,
        encounter,
        0,
        0,
        [madeUp(period?.start), ending].filter(Boolean).join(", ") || null,
      );
    },

    finish() {
      for (const { visits } of job.persons.values()) {
        visits.sort(byStart);
        for (const [position, visit] of visits.entries()) {
          const row = rows.get(visit)!;
          row[row.length - 1] = visits[position - 1]?.id ?? null;
          job.tables.append("visit_occurrence", row);
        }
      }
      rows.clear();
    },
  };
}

function refusalOf({ modifierExtension, status }: Encounter): string | undefined {
  return modifierExtension?.length ? "MODIFIER_EXTENSION" : taken.has(status) ? undefined : "STATUS";
}

function byStart(a: Visit, b: Visit): number {
  return (
    a.start.days - b.start.days || Number((a.startTime?.micros ?? 0n) - (b.startTime?.micros ?? 0n)) || a.id - b.id
  );
}
