import { setTimeout as sleep } from "node:timers/promises";
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
  for (let number = 1; ; number++) {
    try {
      return await attempt(number);
    } catch (error) {
      if (signal?.aborted) throw abortedError(service, operation, signal);
      if (number > retries || !(error instanceof OmopipeError && again(error))) throw error;
      const usual = jitteredDelayAt(backoff, number);
      const asked = httpFailureOf(error)?.retryAfterMilliseconds ?? usual;
      // "At once" is obeyed once; a service that says so each time would have all tries gone in milliseconds.
      const wait = number === 1 ? asked : Math.max(asked, usual);
      await pause(Math.min(wait, backoff.capMilliseconds), { service, operation, signal });
    }
  }
}

async function pause(
  milliseconds: number,
  { service, operation, signal }: Pick<RepeatOptions, "service" | "operation" | "signal">,
): Promise<void> {
  await sleep(milliseconds, undefined, { ...(signal && { signal }) }).catch((error: unknown) => {
    throw signal?.aborted ? abortedError(service, operation, signal) : error;
  });
}
