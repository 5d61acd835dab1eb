import { setTimeout as sleep } from "node:timers/promises";
import pRetry from "p-retry";
import { OmopipeError } from "../../pipeline/errors.ts";
import { jitteredDelayAt, type Schedule } from "./backoff.ts";
import { abortedError, httpFailureOf } from "./failures.ts";

export interface RepeatOptions {
  readonly service: string;
  readonly operation: string;
  /** How often it is tried again. */
  readonly retries: number;
  /** The waiting times between tries, before jitter; the cap also bounds `Retry-After`. */
  readonly backoff: Schedule;
  readonly signal?: AbortSignal | undefined;
  /** Which failures are worth another try. Default: the retryable ones. */
  readonly again?: ((error: OmopipeError) => boolean) | undefined;
}

/**
 * Tries, and tries again after a failure that is worth it, as often as `retries` says and not before the service wants it.
 * Throws what the last try failed with, or ABORTED.
 */
export async function repeat<Result>(
  attempt: (number: number) => Promise<Result>,
  { service, operation, retries, backoff, signal, again = (error) => error.retryable }: RepeatOptions,
): Promise<Result> {
  return await pRetry(attempt, {
    retries,
    minTimeout: 0,
    ...(signal && { signal }),
    // The wait is ours and not p-retry's, which knows neither Retry-After nor full jitter.
    shouldRetry: async ({ error, attemptNumber }) => {
      if (!(error instanceof OmopipeError && again(error))) return false;
      const asked = httpFailureOf(error)?.retryAfterMilliseconds;
      const wait = asked ?? jitteredDelayAt(backoff, attemptNumber);
      await sleep(Math.min(wait, backoff.capMilliseconds), undefined, { ...(signal && { signal }) });
      return true;
    },
  }).catch((error: unknown) => {
    throw signal?.aborted ? abortedError(service, operation, signal) : error;
  });
}
