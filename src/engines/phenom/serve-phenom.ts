import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { messageOf, OmopipeError } from "../../pipeline/errors.ts";
import { createPhenomEngine, type PhenomEngineOptions } from "./engine.ts";

export interface ServePhenomOptions extends PhenomEngineOptions {
  /** Default 0: any free port. */
  readonly port?: number | undefined;
  /** Default "127.0.0.1": reachable from this machine only. There is no encryption, so leave it so for real data. */
  readonly host?: string | undefined;
}

export interface ServedPhenom extends AsyncDisposable {
  /** The base URL for clients. */
  readonly url: string;
  /** Ends all connections, stops listening, and removes what was uploaded and scored. May be called more than once. */
  close(): Promise<void>;
}

/**
 * Serves the embedded PhenOM engine over HTTP. Throws USAGE when the port cannot be had.
 *
 * @example
 * await using engine = await servePhenom({ token: "secret" });
 * const client = createPhenomClient({ baseUrl: engine.url, token: "secret" });
 */
export async function servePhenom(options: ServePhenomOptions): Promise<ServedPhenom> {
  const { port = 0, host = "127.0.0.1" } = options;
  const engine = createPhenomEngine(options);
  // Without overrideGlobalObjects: false, serving would swap Request and Response for the whole process.
  const server = createAdaptorServer({ fetch: engine.fetch, overrideGlobalObjects: false }) as Server;
  await listening(server, port, host);
  const address = server.address();
  const taken = typeof address === "object" && address !== null ? address.port : port;

  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }).then(() => engine.close());
    return closed;
  };
  return { url: `http://${host.includes(":") ? `[${host}]` : host}:${taken}`, close, [Symbol.asyncDispose]: close };
}

function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("listening", resolve);
    server.once("error", (error) => {
      const message = `Cannot serve on ${host}:${port}: ${messageOf(error)}. Choose another port, or 0 for any.`;
      reject(new OmopipeError("USAGE", message, { cause: error }));
    });
    server.listen(port, host);
  });
}
