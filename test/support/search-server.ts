import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Behaviour, Received } from "../clients/http/loopback.ts";
import type { Resource } from "../ingest/intake.ts";

export interface SearchServerOptions {
  readonly resources: readonly Resource[];
  /** What a search gives along with what it found. */
  readonly included?: (found: readonly Resource[]) => readonly Resource[];
  /** How many resources of a type it claims to have. Default: as many as it has. */
  readonly total?: (type: string, count: number) => number | undefined;
  /** How links to further pages are written. Default: absolute, on another path. */
  readonly link?: (path: string, origin: string) => string;
  /**
   * What to do with a request instead, if anything: `time` counts the requests of this URL from 1, `atOnce` those in work.
   */
  readonly mischief?: (request: Received, time: number, atOnce: number) => Behaviour | undefined;
}

export interface SearchServer extends AsyncDisposable {
  readonly origin: string;
  readonly url: string;
  readonly received: readonly Received[];
  /** How many requests were in work at once, itself included, when each came. */
  readonly atOnce: readonly number[];
}

/** A FHIR server on loopback that can search by nothing but `_lastUpdated` and `_id`, and misbehave. */
export async function serveSearch(options: SearchServerOptions): Promise<SearchServer> {
  const received: Received[] = [];
  let inWork = 0;
  const atOnce: number[] = [];
  const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const search = (type: string, parameters: URLSearchParams) => {
    const since = parameters.getAll("_lastUpdated").map((text) => Date.parse(text.replace(/^ge/, "")));
    const updated = (resource: Resource) => Date.parse(resource.meta?.lastUpdated ?? "2026-01-01T00:00:00Z");
    const all = options.resources
      .filter((resource) => resource.resourceType === type && since.every((moment) => updated(resource) >= moment))
      .sort((a, b) => (parameters.get("_sort") === "_lastUpdated" ? updated(a) - updated(b) : 0));
    if (parameters.get("_summary") === "count") {
      return { resourceType: "Bundle", total: options.total ? options.total(type, all.length) : all.length };
    }
    const [offset, count] = [Number(parameters.get("offset") ?? 0), Number(parameters.get("_count") ?? 20)];
    const page = all.slice(offset, offset + count);
    const next = new URLSearchParams(parameters);
    next.set("offset", String(offset + count));
    const path = `/pages/${type}?${next}`;
    const url = options.link ? options.link(path, origin()) : `${origin()}${path}`;
    const entry = [
      ...page.map((resource) => ({ resource, search: { mode: "match" } })),
      ...(options.included?.(page) ?? []).map((resource) => ({ resource, search: { mode: "include" } })),
      { resource: { resourceType: "OperationOutcome", issue: [] }, search: { mode: "outcome" } },
    ];
    return { resourceType: "Bundle", entry, link: offset + count < all.length ? [{ relation: "next", url }] : [] };
  };
  const answer = (url: URL) => {
    const [type = "", id] = url.pathname.replace(/^\/(fhir|pages)\//, "").split("/");
    if (type === "metadata") {
      const types = [...new Set(options.resources.map(({ resourceType }) => resourceType))];
      return { resourceType: "CapabilityStatement", rest: [{ resource: types.map((each) => ({ type: each })) }] };
    }
    if (id === undefined) return search(type, url.searchParams);
    return options.resources.find((resource) => resource.resourceType === type && resource.id === id);
  };

  const server = createServer(async (request, response) => {
    const { method = "", url = "", headers } = request;
    const got: Received = { method, url, headers, body: "" };
    received.push(got);
    atOnce.push(++inWork);
    response.on("close", () => {
      inWork -= 1;
    });
    const behave = options.mischief?.(got, received.filter((each) => each.url === url).length, inWork);
    if (behave) return behave(response, got);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const body = answer(new URL(url, origin()));
    const missing = { resourceType: "OperationOutcome", issue: [{ code: "not-found" }] };
    response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/fhir+json" });
    response.end(JSON.stringify(body ?? missing));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: origin(),
    url: `${origin()}/fhir`,
    received,
    atOnce,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
