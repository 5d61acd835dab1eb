import type { Attempt, Exchange, HttpAnswer } from "./caller.ts";

/** A request as it goes out: its headers are all but those that every request has. */
export interface JsonRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body?: string | Uint8Array | undefined;
}

/** Sends a request once and takes in its answer, within the time of the attempt. */
export type JsonExchange = (request: JsonRequest, attempt: Attempt) => Promise<Exchange>;

/** Sends by a `fetch`, and does not follow redirects. */
export function overFetch(fetch: (request: Request) => Promise<Response>): JsonExchange {
  return async ({ url, method, headers, body }, { limit }) => {
    const asked = { method, headers, signal: limit.signal, redirect: "manual" } as const;
    const request = new Request(url, body === undefined ? asked : { ...asked, body });
    const response = await fetch(request);
    return takenIn(response, await response.text());
  };
}

/** An answer with its body: JSON where it is a success, else JSON or the text that it is. Throws SyntaxError. */
export function takenIn(response: HttpAnswer, text: string): Exchange {
  if (response.ok) return { data: text === "" ? undefined : JSON.parse(text), response };
  try {
    return { error: JSON.parse(text), response };
  } catch {
    return { error: text, response };
  }
}
