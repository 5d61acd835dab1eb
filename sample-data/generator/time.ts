export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;
export const month = 30.4375 * day;
export const year = 365.25 * day;

/** No event of the sample data is earlier. */
export const recordsBegin = Date.UTC(2015, 0, 1);
/** No event of the sample data is later. */
export const recordsEnd = Date.UTC(2025, 11, 31);

/** Milliseconds since 1970 as a FHIR dateTime in UTC, to the second: `2019-05-03T09:30:00Z`. */
export function dateTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** Milliseconds since 1970 as a date: `2019-05-03`. */
export function date(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
