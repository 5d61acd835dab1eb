import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { OmopipeError } from "../../pipeline/errors.ts";
import type { Gate } from "./adaptive-concurrency.ts";
import { retrySchedule, type ScheduleOptions, scheduleOf } from "./backoff.ts";
import {
  abortedError,
  type CallName,
  isUncertain,
  networkError,
  responseError,
  statusError,
  timeoutError,
  uncertainError,
} from "./failures.ts";
import { describeIssues } from "./issues.ts";
import { repeat } from "./repeat.ts";
import { retryAfterOf } from "./retry-after.ts";
import { TimeLimit } from "./time-limit.ts";
import { type Token, tokenSource } from "./token.ts";
import { whenAborted } from "./when-aborted.ts";

export interface CallerOptions {
  /** The name of the service in messages. */
  readonly service: string;
  /** A bearer token, or a function that gets one. Default: none. */
  readonly token?: Token | undefined;
  /** How long one try may take, from the request to the last byte of the answer. Default 30 s. */
  readonly timeoutMilliseconds?: number | undefined;
  /** How often a call is repeated after 408, 429, 5xx, a broken connection or a timeout. Default 3. */
  readonly retries?: number | undefined;
  /** The waiting times between tries, before jitter; the cap also bounds `Retry-After`. Default 1 s, 2 s … 60 s. */
  readonly backoff?: ScheduleOptions | undefined;
  /** Has each try wait for its turn. Default: none waits. */
  readonly gate?: Gate | undefined;
}

export interface CallOptions {
  /** Stops the call, or the wait for the next try. */
  readonly signal?: AbortSignal | undefined;
  /** Anything whose texts must not appear in error messages, should the server repeat them. */
  readonly confidential?: unknown;
}

/** Of a call that does its work anew each time it is sent. */
export interface OnceOptions extends CallOptions {
  /**
   * Send it again even when the service may have carried it out. Default false: CALL_UNCERTAIN is thrown instead, and what
   * is known of the service decides.
   */
  readonly repeatUncertain?: boolean | undefined;
}

/** What is read of an answer beside its body: less than a `Response` has. */
export interface HttpAnswer {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: { get(name: string): string | null };
}

/** What came back, its body taken apart: of a success as `data`, else as `error`. */
export interface Exchange {
  readonly data?: unknown;
  readonly error?: unknown;
  readonly response: HttpAnswer;
}

/** One try of a call: what it is sent with, and until when it goes on. */
export interface Attempt {
  readonly headers: Readonly<Record<string, string>>;
  readonly limit: TimeLimit;
}

/** Sends the request once, with these headers and within this time. */
export type Send = (attempt: Attempt) => Promise<Exchange>;

export interface Answer<Value> {
  readonly value: Value;
  /** What the answer asks to wait before the next call, where it does. */
  readonly retryAfterMilliseconds: number | undefined;
}

/** Sends until it succeeds or there is no more point in trying, then checks the answer against `schema`. */
export type Caller = <Value>(
  operation: string,
  send: Send,
  schema: z.ZodType<Value>,
  options?: CallOptions & { readonly once?: boolean | undefined },
) => Promise<Answer<Value>>;

/**
 * What all service clients have in common: the bearer token and its renewal, time limits, repetition, errors, and the
 * check of what came back. A call that must not be carried out twice says `once`: it is sent again only when the service
 * certainly has done nothing, and fails with CALL_UNCERTAIN where that is not known.
 *
 * All tries of a call carry the same `x-request-id`. After a 401 the token is renewed once and the call repeated once.
 * Throws {@link OmopipeError} with HTTP_STATUS (see `statusOf`), HTTP_NETWORK, HTTP_TIMEOUT, RESPONSE_INVALID,
 * CALL_UNCERTAIN or ABORTED.
 *
 * @example
 * const call = createCaller({ service: "PhenOM", token });
 * const { value } = await call("GET /v1/job/{job_id}", (attempt) => exchange({ … }, attempt), jobSchema);
 */
export function createCaller(options: CallerOptions): Caller {
  const { service, timeoutMilliseconds = 30_000, retries = 3, gate = (send) => send() } = options;
  const backoff = scheduleOf(options.backoff, retrySchedule);
  const tokens = tokenSource(options.token);

  return async (operation, send, schema, { signal, confidential, once = false } = {}) => {
    const requestId = randomUUID();
    let renewed = false;

    const sendOnce = (call: CallName, token: string | undefined): Promise<Exchange> => {
      const headers: Record<string, string> = { "x-request-id": requestId };
      if (token !== undefined) headers.authorization = `Bearer ${token}`;
      return gate(() => withTimeLimit(call, timeoutMilliseconds, signal, (limit) => send({ headers, limit })));
    };

    const attempt = async (number: number): Promise<Exchange> => {
      const call: CallName = { service, operation, attempt: number, attempts: retries + 1, requestId };
      let token = await tokens.current();
      let exchange = await sendOnce(call, token);
      if (exchange.response.status === 401 && !renewed) {
        renewed = true;
        const fresh = await tokens.renew(token);
        if (fresh !== undefined) {
          token = fresh;
          exchange = await sendOnce(call, token);
        }
      }
      if (exchange.response.ok) return exchange;
      throw statusError(call, exchange.response, exchange.error, [confidential, token]);
    };

    const mustBeCertain = (error: unknown): unknown =>
      once && error instanceof OmopipeError && isUncertain(error) ? uncertainError(service, operation, error) : error;

    const exchange = await repeat(attempt, {
      service,
      operation,
      retries,
      backoff,
      signal,
      again: (error) => error.retryable && !(once && isUncertain(error)),
    }).catch((error: unknown) => {
      throw mustBeCertain(error);
    });

    const checked = schema.safeParse(exchange.data);
    if (!checked.success) throw mustBeCertain(responseError(service, operation, describeIssues(checked.error)));
    return {
      value: checked.data,
      retryAfterMilliseconds: retryAfterOf(exchange.response),
    };
  };
}

/** Runs one try under the caller's signal and a time limit, and gives what went wrong its name. */
export async function withTimeLimit<Result>(
  call: CallName,
  milliseconds: number,
  signal: AbortSignal | undefined,
  send: (limit: TimeLimit) => Promise<Result>,
): Promise<Result> {
  const limit = new TimeLimit();
  const timer = setTimeout(() => limit.end(), milliseconds);
  const forget = signal && whenAborted(signal, () => limit.end());
  try {
    signal?.throwIfAborted();
    return await send(limit);
  } catch (error) {
    if (signal?.aborted) throw abortedError(call.service, call.operation, signal);
    if (limit.isOver) throw timeoutError(call, milliseconds);
    // The text of a syntax error quotes the body, so it goes no further.
    if (error instanceof SyntaxError) throw responseError(call.service, call.operation, "it is not JSON");
    throw networkError(call, error);
  } finally {
    clearTimeout(timer);
    forget?.();
  }
}
