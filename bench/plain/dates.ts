// Dates and times of FHIR as DuckDB takes them. A date comes up in thousands of records, so each is read once.

import { DuckDBDateValue, DuckDBTimestampValue } from "@duckdb/node-api";

const known = new Map<string, DuckDBDateValue | null>();

/** "2019" and "2019-05" are their first day; null for what is no date, and for what systems write when they do not know. */
export function dayOf(text: string | undefined): DuckDBDateValue | null {
  if (text === undefined) return null;
  const written = text.slice(0, 10);
  let day = known.get(written);
  if (day === undefined) {
    const whole = written.length === 4 ? `${written}-01-01` : written.length === 7 ? `${written}-01` : written;
    const time = Date.parse(`${whole}T00:00:00Z`);
    const readable = !Number.isNaN(time) && new Date(time).toISOString().startsWith(whole);
    day = readable && whole !== "1900-01-01" && whole !== "9999-12-31" ? new DuckDBDateValue(time / 86_400_000) : null;
    known.set(written, day);
  }
  return day;
}

/** The time on the wall where it was written: an offset is dropped. null for a date without time. */
export function timeOf(text: string | undefined): DuckDBTimestampValue | null {
  if (text === undefined || text.length <= 10) return null;
  const time = Date.parse(`${text.replace(/(Z|[+-]\d{2}:?\d{2})$/, "")}Z`);
  return Number.isNaN(time) ? null : new DuckDBTimestampValue(BigInt(time) * 1000n);
}

export function laterBy(days: number, day: DuckDBDateValue): DuckDBDateValue {
  return days === 0 ? day : new DuckDBDateValue(day.days + days);
}

export function laterOf(one: DuckDBDateValue, other: DuckDBDateValue): DuckDBDateValue {
  return one.days < other.days ? other : one;
}

/** What of a date had to be made up. */
export function madeUp(text: string | undefined): string | null {
  return text?.length === 4 ? "month and day" : text?.length === 7 ? "day" : null;
}
