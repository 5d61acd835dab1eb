import { messageOf, OmopipeError } from "../../pipeline/errors.ts";
import type { HttpAnswer } from "./caller.ts";
import { retryAfterOf } from "./retry-after.ts";
import { serverMessage, withhold } from "./server-message.ts";

/** Which call failed, for messages: the service, the operation with its path template, and the try. */
export interface CallName {
  readonly service: string;
  /** Method and path template, for example "GET /v1/job/{job_id}": never a path with an identifier in it. */
  readonly operation: string;
  readonly attempt: number;
  readonly attempts: number;
  /** The `x-request-id` that it was sent with, for the service's own records. */
  readonly requestId?: string | undefined;
}

/** The cause of an {@link OmopipeError} with code HTTP_STATUS or NOT_OFFERED. */
export interface HttpFailure {
  readonly status: number;
  /** What `Retry-After` asked for, where it did. */
  readonly retryAfterMilliseconds?: number | undefined;
}

/**
 * The HTTP status behind an error of a client, or undefined where no answer came.
 *
 * @example
 * if (statusOf(error) === 404) console.error("The service has forgotten this job.");
 */
export function statusOf(error: unknown): number | undefined {
  return httpFailureOf(error)?.status;
}

export function httpFailureOf(error: unknown): HttpFailure | undefined {
  const hasStatus = error instanceof OmopipeError && (error.code === "HTTP_STATUS" || error.code === "NOT_OFFERED");
  return hasStatus ? (error.cause as HttpFailure) : undefined;
}

/** A status worth another try: 408, 429 and 5xx, but for 501, which will not change. */
export function isTransient(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501);
}

/** An answer that is no success. `body` is what the server said: parsed JSON, or text. */
export function statusError(call: CallName, response: HttpAnswer, body: unknown, confidential: unknown): OmopipeError {
  const { status } = response;
  const said = withhold(serverMessage(body), confidential);
  const advice = status >= 300 && status < 400 ? redirectAdvice : (adviceByStatus[status] ?? "");
  const text = [`${call.service} answered ${status} to ${named(call)}`, said].filter(Boolean).join(": ");
  const cause: HttpFailure = {
    status,
    retryAfterMilliseconds: retryAfterOf(response),
  };
  return new OmopipeError("HTTP_STATUS", sentences(text, advice), { retryable: isTransient(status), cause });
}

const redirectAdvice = "Redirects are not followed, because the call may carry patient data. Correct the base URL.";

const adviceByStatus: Readonly<Record<number, string>> = {
  401: "Check the token.",
  403: "Ask the service for the rights this token lacks.",
  404: "Check the base URL; what was asked for may also belong to another tenant or be gone.",
  429: "Ask for less at once, or try again later.",
};

/**
 * A call without an answer. The socket's own error becomes the cause; what fetch itself says is left out, because it
 * may quote a header.
 */
export function networkError(call: CallName, error: unknown): OmopipeError {
  const socket = error instanceof Error ? error.cause : undefined;
  const reason = socket instanceof Error ? (codeOf(socket) ?? socket.message) : "the connection broke";
  return new OmopipeError(
    "HTTP_NETWORK",
    `${call.service} could not be reached, or broke off, at ${named(call)}: ${reason}. Check the base URL and the network.`,
    { retryable: true, cause: socket },
  );
}

export function timeoutError(call: CallName, milliseconds: number): OmopipeError {
  return new OmopipeError(
    "HTTP_TIMEOUT",
    `${call.service} did not answer ${named(call)} within ${milliseconds} ms. Allow more time, or try again later.`,
    { retryable: true },
  );
}

/** An answer that is not what the contract says; `fault` names the place, not the value. */
export function responseError(service: string, operation: string, fault: string): OmopipeError {
  return new OmopipeError(
    "RESPONSE_INVALID",
    sentences(
      `${service} gave an answer to ${operation} that does not fit its contract: ${fault}`,
      "Check that the base URL leads to this service, and its version.",
    ),
  );
}

export function abortedError(service: string, operation: string, signal: AbortSignal): OmopipeError {
  return new OmopipeError("ABORTED", `Stopped during ${operation} of ${service}: ${messageOf(signal.reason)}`);
}

function named({ operation, attempt, attempts, requestId }: CallName): string {
  const more = [attempts > 1 && `try ${attempt} of ${attempts}`, requestId && `request ${requestId}`].filter(Boolean);
  return more.length > 0 ? `${operation} (${more.join(", ")})` : operation;
}

/**
 * A call that may or may not have been carried out, and that would do its work twice if it was sent again: the answer was
 * lost, or the service failed on the way.
 */
export function uncertainError(service: string, operation: string, error: OmopipeError): OmopipeError {
  return new OmopipeError(
    "CALL_UNCERTAIN",
    `${service} may have carried out ${operation}, or not; it was not sent again. ${error.message}`,
    { cause: error },
  );
}

/** Never reached the service: nothing can have come of it. */
const neverSent: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** Whether a call failed because nobody was there to take it. */
export function isUnreached(error: OmopipeError): boolean {
  return error.code === "HTTP_NETWORK" && error.cause instanceof Error && neverSent.has(codeOf(error.cause) ?? "");
}

/** What is said of a call that was not made any more, after others had failed in this way. */
export function notCalled(error: OmopipeError): string {
  const reason = error.cause instanceof Error ? codeOf(error.cause) : undefined;
  return `Not called: the service could not be reached, ${reason ?? error.code}. Check the base URL and the network.`;
}

/**
 * Whether the service may have carried a failed call out. Not where it says itself that it did not: by a refusal (4xx but
 * 408), or by asking to come again (503 with `Retry-After`).
 */
export function isUncertain(error: OmopipeError): boolean {
  const failure = httpFailureOf(error);
  if (failure?.status === 503) return failure.retryAfterMilliseconds === undefined;
  if (failure) return failure.status !== 429 && isTransient(failure.status);
  if (error.code === "HTTP_NETWORK") return !isUnreached(error);
  return error.code === "HTTP_TIMEOUT" || error.code === "RESPONSE_INVALID";
}

function sentences(text: string, advice: string): string {
  return `${text}${/[.!?…]$/.test(text) ? "" : "."}${advice === "" ? "" : ` ${advice}`}`;
}

function codeOf(error: Error): string | undefined {
  return "code" in error && typeof error.code === "string" ? error.code : undefined;
}
