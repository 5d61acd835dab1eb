import { type DiseaseName, diseases } from "./catalogue/diseases.ts";
import { type Illness, illnesses } from "./catalogue/illnesses.ts";
import type { Person } from "./life.ts";
import type { Traits } from "./person.ts";
import type { Random } from "./random.ts";
import { day, hour, minute, month, recordsBegin, recordsEnd, year } from "./time.ts";

/** A visit and what it is for. */
export type PlannedVisit = { readonly at: number } & (
  | { readonly purpose: "check-up" | "follow-up" | "death" }
  | { readonly purpose: "onset"; readonly disease: DiseaseName }
  | { readonly purpose: "illness"; readonly illness: Illness }
);

export interface Timetable {
  readonly visits: readonly PlannedVisit[];
  /** When the patient dies, if within the years looked at. */
  readonly death: number | undefined;
}

/** Plans the years in which a person is seen: which diseases come when, which visits they bring, and a death. */
export function planLife(person: Person, traits: Traits, random: Random): Timetable {
  const begin = Math.max(recordsBegin, traits.born) + (traits.born < recordsBegin ? random.next() * 9.5 * year : 0);
  const onsets = planOnsets(person, traits, begin, random);
  const death = planDeath(traits, onsets, random);
  const end = (death ?? recordsEnd) - 15 * day;
  const visits: PlannedVisit[] = [
    ...planCheckUps(traits, begin, end, random),
    ...[...onsets].map(([disease, at]): PlannedVisit => ({ purpose: "onset", disease, at })),
    ...planFollowUps(onsets, end, random),
    ...planIllnesses(traits, begin, end, random),
  ].filter((visit) => visit.at < end);
  if (death !== undefined) visits.push({ purpose: "death", at: death });
  return { visits: visits.sort((one, other) => one.at - other.at), death };
}

function planOnsets(person: Person, traits: Traits, begin: number, random: Random): Map<DiseaseName, number> {
  const onsets = new Map<DiseaseName, number>();
  const age = (recordsEnd - traits.born) / year;
  for (const [key, disease] of Object.entries(diseases)) {
    const earlier = disease.after === undefined ? undefined : onsets.get(disease.after);
    const possible = (disease.sex ?? person.sexAtBirth) === person.sexAtBirth && age > disease.ages[0];
    if (!possible || (disease.after !== undefined && earlier === undefined)) continue;
    let risk = disease.risk * Math.min(1, (age - disease.ages[0]) / (disease.ages[1] - disease.ages[0]));
    for (const [cause, factor] of Object.entries(disease.raisedBy ?? {})) {
      const applies = cause === "smoking" ? traits.smoking !== "never" : onsets.has(cause as DiseaseName);
      if (applies) risk *= factor;
    }
    if (!random.chance(Math.min(0.9, risk))) continue;
    const replaced = disease.replaces === undefined ? undefined : onsets.get(disease.replaces);
    const from = Math.max(begin, traits.born + disease.ages[0] * year, earlier ?? 0, replaced ?? 0);
    onsets.set(key as DiseaseName, practiceHours(from + random.next() * (recordsEnd - from), random));
  }
  return onsets;
}

function planDeath(traits: Traits, onsets: Map<DiseaseName, number>, random: Random): number | undefined {
  let survival = 1 - Math.max(0, (recordsEnd - traits.born) / year - 55) * 0.002;
  let from = recordsEnd - 2 * year;
  for (const [name, at] of onsets) {
    const lethality = diseases[name].lethality;
    if (lethality === undefined) continue;
    survival *= 1 - lethality;
    from = Math.max(from, at);
  }
  const earliest = from + 30 * day;
  if (random.chance(survival) || earliest > recordsEnd - day) return undefined;
  return earliest + Math.floor(random.next() * ((recordsEnd - earliest) / minute)) * minute;
}

function* planCheckUps(traits: Traits, begin: number, end: number, random: Random): Generator<PlannedVisit> {
  for (let at = begin + random.next() * 2 * month; at < end; ) {
    yield { purpose: "check-up", at: practiceHours(at, random) };
    const age = (at - traits.born) / year;
    const months = age < 0.5 ? 2 : age < 1.6 ? 4 : age < 6 ? 12 : age < 50 ? 40 : 36;
    at += random.around(months, months / 12) * month;
  }
}

function* planFollowUps(onsets: Map<DiseaseName, number>, end: number, random: Random): Generator<PlannedVisit> {
  const followed = [...onsets].filter(([name]) => (diseases[name].drugs ?? diseases[name].labs) !== undefined);
  let at = Math.min(...followed.map(([, onset]) => onset)) + 3 * month;
  while (at < end) {
    yield { purpose: "follow-up", at: practiceHours(at, random) };
    const serious = followed.some(([name, onset]) => onset < at && diseases[name].lethality !== undefined);
    at += random.around(serious ? 16 : 24, 1) * month;
  }
}

function* planIllnesses(traits: Traits, begin: number, end: number, random: Random): Generator<PlannedVisit> {
  for (const illness of illnesses) {
    const from = Math.max(begin, traits.born + illness.ages[0] * year, Date.UTC(illness.since ?? 2015, 2, 1));
    const until = Math.min(end, traits.born + illness.ages[1] * year);
    // The gaps between rare events are drawn evenly around their mean: close enough, and no logarithm.
    for (let at = from; ; ) {
      at += (random.next() * 2 * year) / illness.perYear;
      if (at >= until) break;
      yield { purpose: "illness", illness, at: illness.seen === "EMER" ? anyHour(at) : practiceHours(at, random) };
    }
  }
}

/** The same day, some five minutes between 8 and 17 o'clock. */
function practiceHours(at: number, random: Random): number {
  return Math.floor(at / day) * day + 8 * hour + random.integer(0, 107) * 5 * minute;
}

function anyHour(at: number): number {
  return Math.floor(at / minute) * minute;
}
