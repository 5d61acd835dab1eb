// observation_period, condition_era, drug_era: sorted by person, in JavaScript.

import { DuckDBDateValue } from "@duckdb/node-api";
import type { Episode, Job } from "./job.ts";

export function addObservationPeriods(job: Job): void {
  for (const { id, birth, visits, firstEvent, lastEvent } of job.persons.values()) {
    const first = visits.length > 0 ? Math.min(...visits.map(({ start }) => start.days)) : firstEvent?.days;
    const last =
      visits.length > 0 ? Math.max(...visits.map(({ start, end }) => Math.max(start.days, end.days))) : lastEvent?.days;
    if (first === undefined || last === undefined) continue;
    job.tables.append("observation_period", [
      id,
      id,
      new DuckDBDateValue(Math.max(first, birth.days)),
      new DuckDBDateValue(Math.max(first, last, birth.days)),
      job.constant("type:period inferred"),
    ]);
  }
}

export function addConditionEras(job: Job): void {
  for (const { person, concept, start, end, count } of erasOf(job.conditions)) {
    const id = job.nextId("condition_era");
    job.tables.append("condition_era", [
      id,
      person,
      concept,
      new DuckDBDateValue(start),
      new DuckDBDateValue(end),
      count,
    ]);
  }
}

export function addDrugEras(job: Job): void {
  for (const { person, concept, start, end, count, gap } of erasOf(job.exposures)) {
    const id = job.nextId("drug_era");
    job.tables.append("drug_era", [
      id,
      person,
      concept,
      new DuckDBDateValue(start),
      new DuckDBDateValue(end),
      count,
      gap,
    ]);
  }
}

interface Era extends Episode {
  readonly count: number;
  /** Days between its episodes. */
  readonly gap: number;
}

/** Episodes that start at most 30 days after all earlier ones of their concept have ended are one era. */
function* erasOf(episodes: Episode[]): Generator<Era> {
  episodes.sort((a, b) => a.person - b.person || a.concept - b.concept || a.start - b.start);
  let era: { -readonly [Member in keyof Era]: Era[Member] } | undefined;
  for (const { person, concept, start, end } of episodes) {
    if (era?.person === person && era.concept === concept && start <= era.end + 30) {
      era.gap += Math.max(0, start - era.end);
      era.end = Math.max(era.end, end);
      era.count++;
    } else {
      if (era !== undefined) yield era;
      era = { person, concept, start, end, count: 1, gap: 0 };
    }
  }
  if (era !== undefined) yield era;
}
