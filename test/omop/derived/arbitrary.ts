import fc from "fast-check";
import { expect } from "vitest";
import type { Exposure, Occurrence } from "./derive.ts";

/** From one day to another, as numbers, of things that belong together. */
export interface Span {
  readonly series: string;
  readonly start: number;
  readonly end: number;
}

/** Up to 16 occurrences of concepts 0, 1 and 2 in half a year; some without an end, some that end before they start. */
export const anyOccurrences = fc.array(
  fc
    .record({ person: fc.integer({ min: 1, max: 2 }), concept: fc.integer({ min: 0, max: 2 }), dates: dates() })
    .map(({ dates, ...occurrence }) => ({ ...occurrence, ...dates }) satisfies Occurrence),
  { maxLength: 16 },
);

/** What each drug of {@link anyExposures} holds: mg by ingredient, null where it is not known. */
export const contentOf: Readonly<Record<string, Readonly<Record<string, number | null>>>> = {
  "No matching concept": {},
  alpha: { alpha: null },
  "alpha 250 MG Oral Tablet": { alpha: 250 },
  "alpha 500 MG Oral Tablet": { alpha: 500 },
  "alpha 100 MG / beta 20 MG Oral Tablet": { alpha: 100, beta: 20 },
};

/** Up to 16 exposures in half a year, as with occurrences; with one or two pieces a day. */
export const anyExposures = fc.array(
  fc
    .record({
      person: fc.integer({ min: 1, max: 2 }),
      drug: fc.constantFrom(...Object.keys(contentOf)),
      dates: dates(),
      quantity: fc.constantFrom(10, 20),
    })
    .map(({ dates, ...exposure }) => ({ ...exposure, ...dates, days_supply: 10 }) satisfies Exposure),
  { maxLength: 16 },
);

function dates() {
  // Often one of few days, so that several things start on one.
  const start = fc.oneof(fc.integer({ min: 0, max: 180 }), fc.constantFrom(0, 30, 60));
  return fc
    .record({ first: start, days: fc.option(fc.integer({ min: -3, max: 40 })) })
    .map(({ first, days }) => ({ start: dateOf(first), end: days === null ? null : dateOf(first + days) }));
}

/** The same rows, twice, in two orders. */
export function inTwoOrders<Row>(rows: fc.Arbitrary<Row[]>): fc.Arbitrary<[Row[], Row[]]> {
  return rows.chain((some) => fc.tuple(fc.constant(some), fc.shuffledSubarray(some, { minLength: some.length })));
}

/** A span by its dates; without an end it lasts `otherwise` days, and it never ends before it starts. */
export function spanOf(
  series: string,
  { start, end }: { start: string; end?: string | null },
  otherwise: number,
): Span {
  const first = dayOf(start);
  return { series, start: first, end: Math.max(first, end ? dayOf(end) : first + otherwise) };
}

/** Each span lies in one era and each era is that of its spans, none of them more than 30 days after all others ended. */
export function expectErasOf(eras: readonly (Span & { readonly count: number })[], spans: readonly Span[]): void {
  for (const span of spans) expect(eras.filter((era) => isWithin(era, span))).toHaveLength(1);
  for (const era of eras) {
    const own = spans.filter((span) => isWithin(era, span));
    expect(era).toMatchObject({
      start: Math.min(...own.map(({ start }) => start)),
      end: Math.max(...own.map(({ end }) => end)),
      count: own.length,
    });
    for (const { start } of own.filter((span) => span.start > era.start)) {
      expect(own.some((earlier) => earlier.start < start && start <= earlier.end + 30)).toBe(true);
    }
    for (const later of eras.filter(({ series, start }) => series === era.series && start > era.start)) {
      expect(later.start).toBeGreaterThan(era.end + 30);
    }
  }
}

/** Whether a span lies in an era. */
export function isWithin(era: Span, { series, start, end }: Span): boolean {
  return era.series === series && era.start <= start && end <= era.end;
}

const dayInMs = 86_400_000;
const firstDay = Date.UTC(2020, 0, 1);
const dateOf = (day: number) => new Date(firstDay + day * dayInMs).toISOString().slice(0, 10);
const dayOf = (date: string) => (Date.parse(date) - firstDay) / dayInMs;
