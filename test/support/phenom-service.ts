import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { createPhenomEngine } from "../../src/engines/phenom/engine.ts";

export interface PhenomCall {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  /** Of a call that makes a job. */
  readonly patientId: string | undefined;
}

export interface PhenomService extends AsyncDisposable {
  readonly url: string;
  readonly calls: readonly PhenomCall[];
  /** How many calls were open at the same time at most. */
  readonly mostAtOnce: number;
}

export const token = "s3cret-t0ken";

/** The embedded engine behind a misbehaviour: what that answers is sent; where it answers nothing, the engine does. */
export async function servePhenomBadly(
  misbehave: (call: PhenomCall) => Response | undefined | Promise<Response | undefined>,
): Promise<PhenomService> {
  const engine = createPhenomEngine({ token });
  const calls: PhenomCall[] = [];
  let open = 0;
  let mostAtOnce = 0;
  const app = new Hono();
  app.all("*", async (context) => {
    mostAtOnce = Math.max(mostAtOnce, ++open);
    try {
      const body = await context.req.text();
      const { method, path } = context.req;
      const patientId = body === "" ? undefined : JSON.parse(body).patient_history.patient.patient_id;
      const call = { method, path, body, patientId };
      calls.push(call);
      const { headers, url } = context.req.raw;
      return (
        (await misbehave(call)) ?? (await engine.request(url, { method, headers, ...(body === "" ? {} : { body }) }))
      );
    } finally {
      open -= 1;
    }
  });
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    get mostAtOnce() {
      return mostAtOnce;
    },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ("closeAllConnections" in server) server.closeAllConnections();
      }).then(() => engine.close()),
  };
}
