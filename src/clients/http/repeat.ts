import { setTimeout as sleep } from "node:timers/promises";
import pRetry from "p-retry";
import { OmopipeError } from "../../pipeline/errors.ts";
import { jitteredDelayAt, type Schedule } from "./backoff.ts";
import { httpFailureOf } from "./failures.ts";

export interface RepeatOptions {
  /** How often it is tried again. */
  readonly retries: number;
  /** The waiting times between tries, before jitter; the cap also bounds `Retry-After`. */
  readonly backoff: Schedule;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Tries until it succeeds, or fails in a way that another try cannot mend, or there are no tries left. Between tries it waits
 * as long as `Retry-After` asks, or else as the schedule says.
 */
export function repeat<Result>(
  attempt: (number: number) => Promise<Result>,
  { retries, backoff, signal }: RepeatOptions,
): Promise<Result> {
  return pRetry(attempt, {
    retries,
    minTimeout: 0,
    ...(signal && { signal }),
    // The wait is ours and not p-retry's, which knows neither Retry-After nor full jitter.
    shouldRetry: async ({ error, attemptNumber }) => {
      if (!(error instanceof OmopipeError && error.retryable)) return false;
      const asked = httpFailureOf(error)?.retryAfterMilliseconds;
      const wait = asked ?? jitteredDelayAt(backoff, attemptNumber);
      await sleep(Math.min(wait, backoff.capMilliseconds), undefined, { ...(signal && { signal }) });
      return true;
    },
  });
}
