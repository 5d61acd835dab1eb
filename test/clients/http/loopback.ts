import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** What the server does with one request; the response is a raw one, so that it can misbehave. */
export type Behaviour = (response: ServerResponse, request: Received) => unknown;

export interface Loopback extends AsyncDisposable {
  readonly url: string;
  readonly received: readonly Received[];
}

/** A server on 127.0.0.1 that behaves, request by request, as the list says; the last behaviour stays. */
export async function loopback(...behaviours: Behaviour[]): Promise<Loopback> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = "", url = "", headers } = request;
    const got: Received = { method, url, headers, body: Buffer.concat(chunks).toString() };
    const behave = behaviours[Math.min(received.push(got), behaviours.length) - 1];
    behave?.(response, got);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Answers with this status, JSON body (or raw text) and headers. */
export function answer(status: number, body: unknown, headers: Record<string, string> = {}): Behaviour {
  return (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
}

/** Promises a long body and hangs up in the middle of it. */
export const cutBody: Behaviour = (response) => {
  response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
  response.write('{"half":', () => response.destroy());
};

/** Hangs up without an answer. */
export const hangUp: Behaviour = (response) => response.destroy();

/** Takes the request and never answers. */
export const silence: Behaviour = () => {};

/** Sends the head and the beginning of a body, and then nothing more. */
export const stall: Behaviour = (response) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.write("{");
};
