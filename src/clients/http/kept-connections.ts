import { type Dispatcher, Pool } from "undici";
import type { HttpAnswer } from "./caller.ts";

interface RequestInit {
  readonly method: string;
  readonly headers: Iterable<readonly [string, string]>;
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A request of `openapi-fetch` as it was made: a `Request` costs more than sending it does. */
class PlainRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
  readonly signal: AbortSignal | undefined;

  constructor(url: string, { method, headers, body, signal }: RequestInit) {
    this.url = url;
    this.method = method;
    this.headers = Object.fromEntries(headers);
    this.body = body;
    this.signal = signal;
  }
}

/** An answer that has come in whole. */
class WholeAnswer implements HttpAnswer {
  readonly status: number;
  readonly headers: HttpAnswer["headers"];
  readonly #text: string;

  constructor(status: number, headers: Readonly<Record<string, string | string[] | undefined>>, text: string) {
    this.status = status;
    this.headers = { get: (name) => headers[name.toLowerCase()]?.toString() ?? null };
    this.#text = text;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  async text(): Promise<string> {
    return this.#text;
  }

  async json(): Promise<unknown> {
    return JSON.parse(this.#text);
  }
}

/**
 * Connections to one server for `openapi-fetch`, kept open between calls. A call takes a tenth of the CPU time that one of
 * `fetch` takes, for lack of streams, of `Request`, `Response` and `Headers`. Redirects are not followed, answers not
 * decompressed (nor asked for compressed). It rejects as `fetch` does: with the socket's error as cause.
 *
 * Cost: about 50 µs a call. Idle connections end by themselves and do not keep the process alive.
 *
 * @example
 * const api = createClient<paths>({ baseUrl, ...keptConnections(baseUrl) });
 */
export function keptConnections(baseUrl: string) {
  const { origin } = new URL(baseUrl);
  // How long a call may take says its signal.
  const pool = new Pool(origin, { headersTimeout: 0, bodyTimeout: 0 });
  const send = (request: PlainRequest): Promise<WholeAnswer> =>
    new Promise((resolve, reject) => {
      const { method, body = null, signal } = request;
      const headers = { accept: "application/json", "user-agent": "omopipe", ...request.headers };
      const path = request.url.slice(origin.length);
      const chunks: Buffer[] = [];
      let status = 0;
      let answered: Readonly<Record<string, string | string[] | undefined>> = {};
      let started: Dispatcher.DispatchController | undefined;
      const stop = () => (started ? started.abort(signal?.reason) : reject(signal?.reason));
      signal?.addEventListener("abort", stop, { once: true });
      const over = () => signal?.removeEventListener("abort", stop);
      pool.dispatch(
        { method: method as Dispatcher.HttpMethod, path, headers, body },
        {
          onRequestStart(controller) {
            started = controller;
            if (signal?.aborted) stop();
          },
          onResponseStart(_controller, code, fields) {
            status = code;
            answered = fields;
          },
          onResponseData(_controller, chunk) {
            chunks.push(chunk);
          },
          onResponseEnd() {
            over();
            const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
            resolve(new WholeAnswer(status, answered, body.toString()));
          },
          onResponseError(_controller, error) {
            over();
            reject(new TypeError("The connection broke", { cause: error }));
          },
        },
      );
    });
  // `openapi-fetch` asks no more of requests and answers than these have.
  return {
    Request: PlainRequest as unknown as typeof Request,
    fetch: send as unknown as (request: Request) => Promise<Response>,
  };
}
