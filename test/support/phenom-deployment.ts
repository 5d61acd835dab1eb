import { createPhenomClient, type PhenomClient, type PhenomClientOptions } from "../../src/clients/phenom/client.ts";
import { answer, type Behaviour, type Loopback, loopback, type Received } from "../clients/http/loopback.ts";

/** What a deployment does with a request: `body` is its answer (200), `behave` does something else. */
export type Route = { readonly body: unknown } | { readonly behave: Behaviour } | ((request: Received) => Route);

/** A route that answers with this status, and this body and headers. */
export const says = (status: number, body: unknown, headers?: Record<string, string>): Route => ({
  behave: answer(status, body, headers),
});

/** A route that answers with this body. */
export const gives = (body: unknown): Route => ({ body });

export interface Deployment extends AsyncDisposable {
  readonly client: PhenomClient;
  readonly url: string;
  readonly received: readonly Received[];
  /** The requests, as "METHOD path". */
  readonly calls: readonly string[];
  /** The JSON bodies of the requests that match. */
  bodies(call: string): Record<string, unknown>[];
}

/**
 * A deployment that answers as the routes say ("METHOD path", without query); what they do not name is not offered (404).
 * Where a route has a list, it answers one after the other; the last stays.
 */
export async function deployment(
  routes: Readonly<Record<string, Route | readonly Route[]>>,
  options: Partial<PhenomClientOptions> = {},
): Promise<Deployment> {
  const taken = new Map<string, number>();
  const nameOf = ({ method, url }: Received): string => `${method} ${url.split("?")[0]}`;
  const server: Loopback = await loopback((response, request) => {
    const call = nameOf(request);
    const list = [routes[call] ?? says(404, { detail: "There is nothing here" })].flat() as Route[];
    const turn = taken.get(call) ?? 0;
    taken.set(call, turn + 1);
    let route: Route = list[Math.min(turn, list.length - 1)]!;
    while (typeof route === "function") route = route(request);
    const behave = "behave" in route ? route.behave : answer(200, route.body);
    behave(response, request);
  });
  const client = createPhenomClient({
    baseUrl: server.url,
    token: "secret-token",
    backoff: { firstMilliseconds: 1, capMilliseconds: 2 },
    poll: { firstMilliseconds: 1, capMilliseconds: 5, deadlineMilliseconds: 2000 },
    batchPoll: { firstMilliseconds: 1, capMilliseconds: 5, deadlineMilliseconds: 2000 },
    ...options,
  });
  return {
    client,
    url: server.url,
    received: server.received,
    get calls() {
      return server.received.map(nameOf);
    },
    bodies: (call) => server.received.filter((request) => nameOf(request) === call).map(({ body }) => JSON.parse(body)),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
