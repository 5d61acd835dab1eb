import { createWriteStream } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { pipeline } from "node:stream/promises";
import { OmopipeError } from "../../pipeline/errors.ts";
import { retrySchedule, type ScheduleOptions, scheduleOf } from "./backoff.ts";
import { type CallName, networkError, responseError, statusError, timeoutError } from "./failures.ts";
import type { HeadersFor } from "./origins.ts";
import { repeat } from "./repeat.ts";
import type { TokenSource } from "./token.ts";

/** A file to be downloaded. */
export interface Download {
  readonly url: string;
  /** Where it is written. Until it is whole, it is called `<path>.part`. */
  readonly path: string;
  /** The name of the call in errors: without query, which may hold a signature. */
  readonly operation: string;
  /** What tells the version that an existing part is of: its ETag or Last-Modified. Without it the part is not continued. */
  readonly validator?: string | undefined;
  /** Told the version of a file before the first byte of it is written. */
  readonly onVersion?: ((validator: string | undefined) => Promise<void>) | undefined;
}

export interface DownloadOptions {
  readonly service: string;
  readonly tokens: TokenSource;
  readonly headersFor: HeadersFor;
  readonly signal: AbortSignal;
  /** How often a download is tried again after 408, 429, 5xx, a broken or silent connection, without a byte more. Default 3. */
  readonly retries?: number | undefined;
  readonly backoff?: ScheduleOptions | undefined;
  /** How long a connection may be silent. Default 30 s. */
  readonly timeoutMilliseconds?: number | undefined;
}

const hops = 5;

/**
 * Downloads a file as the server packs it (plain or gzip). A part that is there already, or that a broken connection leaves, is
 * continued by a Range request, or, where the server has no such thing or another version by now, begun anew. Redirects are
 * followed, but not from https to http; the token stays at the origins that it is for.
 */
export async function download(file: Download, options: DownloadOptions): Promise<void> {
  const { signal, retries = 3 } = options;
  const part = `${file.path}.part`;
  let validator = file.validator;
  let before = await sizeOf(part);
  let triesLeft = retries;
  const backoff = scheduleOf(options.backoff, retrySchedule);
  const attempt = async (number: number): Promise<void> => {
    const call: CallName = { service: options.service, operation: file.operation, attempt: number, attempts: number };
    try {
      await fetchInto(part, call, file, validator, options, async (version) => {
        validator = version;
        await file.onVersion?.(version);
      });
    } catch (error) {
      const now = await sizeOf(part);
      // As long as each try brings the file on, there is a point in another one.
      triesLeft = now > before ? retries : triesLeft - 1;
      before = now;
      if (triesLeft < 0 && error instanceof OmopipeError) {
        throw new OmopipeError(error.code, error.message, { ...error, cause: error.cause, retryable: false });
      }
      throw error;
    }
  };
  await repeat(attempt, {
    service: options.service,
    operation: file.operation,
    retries: Number.MAX_SAFE_INTEGER,
    backoff,
    signal,
  });
  await using whole = await open(part);
  await whole.sync();
  await rename(part, file.path);
}

async function fetchInto(
  part: string,
  call: CallName,
  file: Download,
  validator: string | undefined,
  options: DownloadOptions,
  onVersion: (validator: string | undefined) => Promise<void>,
): Promise<void> {
  const offset = validator === undefined ? 0 : await sizeOf(part);
  const range: Record<string, string> =
    offset > 0 && validator !== undefined ? { range: `bytes=${offset}-`, "if-range": validator } : {};
  const response = await answerTo(file.url, range, call, options);
  const status = response.statusCode ?? 0;
  if (status === 416) throw await notTheRest(part, response, call);
  if (status !== 200 && status !== 206) throw statusError(call, withoutBody(response), "", undefined);
  const isRest = response.headers["content-range"]?.startsWith(`bytes ${offset}-`) === true;
  // A server that does not look at If-Range sends the rest of another version.
  const continued = status === 206 && isRest && [undefined, validator].includes(versionOf(response));
  if (status === 206 && !continued) throw await notTheRest(part, response, call);
  try {
    if (!continued) {
      await rm(part, { force: true });
      await onVersion(versionOf(response));
    }
    await pipeline(response, createWriteStream(part, { flags: continued ? "a" : "w", mode: 0o600 }), {
      signal: options.signal,
    });
  } catch (error) {
    options.signal.throwIfAborted();
    throw isOfDisk(error) ? error : networkError(call, new Error("broken off", { cause: error }));
  }
  // A server may send less of the rest than was asked for.
  const length = /\/(\d+)$/.exec(response.headers["content-range"] ?? "")?.[1];
  if (length !== undefined && (await sizeOf(part)) < Number(length)) {
    throw networkError(call, new Error("broken off", { cause: new Error("there is more of the file") }));
  }
}

/** The part that is there is longer than the file, or the server sends something else than its rest: it is begun anew. */
async function notTheRest(part: string, response: IncomingMessage, call: CallName): Promise<OmopipeError> {
  response.destroy();
  await rm(part, { force: true });
  return networkError(call, new Error("failed", { cause: new Error("the rest of the file could not be had") }));
}

/** Follows redirects, and asks once more with a new token after a 401. */
async function answerTo(
  start: string,
  range: Readonly<Record<string, string>>,
  call: CallName,
  options: DownloadOptions,
): Promise<IncomingMessage> {
  let token = await options.tokens.current();
  let url = start;
  let renewed = false;
  for (let hop = 0; hop <= hops; hop++) {
    const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await ask(url, options.headersFor(url, { ...range, ...authorization }), call, options);
    const { location } = response.headers;
    const status = response.statusCode ?? 0;
    if (status === 401 && !renewed) {
      renewed = true;
      const fresh = await options.tokens.renew(token);
      if (fresh === undefined) return response;
      token = fresh;
    } else if (status >= 300 && status < 400 && location !== undefined) {
      const next = new URL(location, url);
      if (new URL(url).protocol === "https:" && next.protocol !== "https:") return response;
      url = next.href;
    } else return response;
    response.destroy();
  }
  throw responseError(call.service, call.operation, `it redirects more than ${hops} times`);
}

function ask(
  url: string,
  headers: Record<string, string>,
  call: CallName,
  { signal, timeoutMilliseconds = 30_000 }: DownloadOptions,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith("https:") ? httpsRequest : httpRequest;
    const accept = { accept: "application/fhir+ndjson", "accept-encoding": "gzip" };
    const request = send(url, { headers: { ...accept, ...headers }, signal }, resolve);
    request.setTimeout(timeoutMilliseconds, () => request.destroy(timeoutError(call, timeoutMilliseconds)));
    request.on("error", (error) =>
      reject(error instanceof OmopipeError ? error : networkError(call, new Error("failed", { cause: error }))),
    );
    request.end();
  });
}

/** The head of an answer as the rest of the house knows it; its body, which nobody asked for, is not read. */
function withoutBody(response: IncomingMessage): Response {
  response.destroy();
  const headers = new Headers();
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers.set(name, String(value));
  }
  return new Response(null, { status: response.statusCode ?? 500, headers });
}

/** What a Range request may name (RFC 9110, section 13.1.5): a strong ETag, or else a date. */
function versionOf({ headers }: IncomingMessage): string | undefined {
  return headers.etag !== undefined && !headers.etag.startsWith("W/") ? headers.etag : headers["last-modified"];
}

const isOfDisk = (error: unknown): boolean =>
  error instanceof Error && "syscall" in error && ["write", "open", "close", "fsync"].includes(String(error.syscall));

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}
