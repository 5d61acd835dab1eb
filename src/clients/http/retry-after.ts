import type { HttpAnswer } from "./caller.ts";

/**
 * What an answer asks to wait, in milliseconds. A date is held against the one that the answer was sent at: the clock of the server may
 * be another.
 */
export function retryAfterOf({ headers }: Pick<HttpAnswer, "headers">): number | undefined {
  const sent = Date.parse(headers.get("date") ?? "");
  return retryAfterMilliseconds(headers.get("retry-after"), Number.isNaN(sent) ? undefined : sent);
}

/**
 * Reads the `Retry-After` header (RFC 9110, section 10.2.3): whole seconds or an HTTP date.
 * Gives milliseconds from `now`, never negative, or undefined when the header is absent or says neither.
 *
 * @example
 * retryAfterMilliseconds("120"); // 120000
 * retryAfterMilliseconds("soon"); // undefined
 */
export function retryAfterMilliseconds(header: string | null, now: number = Date.now()): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // Date.parse takes nearly anything for a date, "-5" too; an HTTP date begins with the name of a day.
  const moment = /^(mon|tue|wed|thu|fri|sat|sun)/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(moment) ? undefined : Math.max(0, moment - now);
}
