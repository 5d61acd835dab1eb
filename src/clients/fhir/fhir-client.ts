import { Client } from "fhir-kit-client";
import { z } from "zod";
import { checkedBaseUrl } from "../http/base-url.ts";
import { type CallerOptions, type CallOptions, createCaller, type Exchange, type HttpAnswer } from "../http/caller.ts";
import { responseError } from "../http/failures.ts";
import { tokenOnlyTo } from "../http/origins.ts";

/** How a FHIR server is reached. */
export interface FhirConnection extends Omit<CallerOptions, "service" | "gate"> {
  /** The base of the server, such as "https://hospital.example/fhir". */
  readonly baseUrl: string;
  /** Further origins, such as "https://files.hospital.example", that are given the token. Default: that of the server alone. */
  readonly trustedOrigins?: readonly string[] | undefined;
}

/**
 * A connection with the patience that reading a whole server takes, where nothing else was said: six tries more, and up to five
 * minutes between them when the server asks for it.
 */
export function patientConnection<Connection extends FhirConnection>(connection: Connection) {
  const { retries = 6, backoff } = connection;
  return { ...connection, retries, backoff: { ...backoff, capMilliseconds: backoff?.capMilliseconds ?? 300_000 } };
}

const resource = z.looseObject({ resourceType: z.string() });
// No FHIR, but there are servers that write null for what is not there.
const bundle = z.looseObject({
  resourceType: z.literal("Bundle"),
  total: z.number().nullish(),
  link: z.array(z.looseObject({ relation: z.string(), url: z.string() })).nullish(),
  entry: z
    .array(
      z.looseObject({
        resource: resource.nullish(),
        search: z.looseObject({ mode: z.string().nullish() }).nullish(),
      }),
    )
    .nullish(),
});
const capabilities = z.looseObject({
  resourceType: z.literal("CapabilityStatement"),
  rest: z.array(z.looseObject({ resource: z.array(z.looseObject({ type: z.string() })).optional() })).optional(),
});

export type Resource = z.infer<typeof resource>;

/** A page of a search or of `$everything`. */
export interface Page {
  readonly bundle: z.infer<typeof bundle>;
  /** The page after it, absolute. */
  readonly next: string | undefined;
  /** When it was asked for, by the clock of the server, where it tells: ISO 8601. */
  readonly serverTime: string | undefined;
}

/** The part of FHIR's REST interface that reads. `operation` names the call in errors: a template, without any id. */
export interface FhirClient {
  /** With a slash at its end. */
  readonly baseUrl: string;
  page(url: string, operation: string, options?: CallOptions): Promise<Page>;
  /** How many resources a search finds; undefined where the server does not tell. */
  count(search: string, operation: string, options?: CallOptions): Promise<number | undefined>;
  read(type: string, id: string, options?: CallOptions): Promise<Resource>;
  /** The resource types that the server's CapabilityStatement lists. */
  types(options?: CallOptions): Promise<string[]>;
}

/**
 * Reads from a FHIR R4 server over `fhir-kit-client`, with what all clients have: repetition after 408, 429, 5xx and broken
 * connections, `Retry-After`, time limits, tokens and their renewal, coded errors. The token is sent to the origin of the
 * server and to `trustedOrigins` alone, and redirects are not followed. `gate` has requests wait for their turn.
 *
 * @example
 * const client = createFhirClient({ baseUrl: "https://hospital.example/fhir", token });
 * const { bundle, next } = await client.page(`${client.baseUrl}Condition?_count=100`, "GET /Condition");
 */
export function createFhirClient(
  { baseUrl, trustedOrigins = [], ...options }: FhirConnection,
  gate?: CallerOptions["gate"],
): FhirClient {
  const base = checkedBaseUrl(baseUrl).replace(/\/*$/, "/");
  const headersFor = tokenOnlyTo([base, ...trustedOrigins]);
  const call = createCaller({ service: "The FHIR server", gate, ...options });
  const fhir = new Client({ baseUrl: base, requestOptions: { redirect: "manual" } });
  const get = <Value>(url: string, operation: string, schema: z.ZodType<Value>, control?: CallOptions) => {
    let response: HttpAnswer | undefined;
    let asked = 0;
    return call(
      operation,
      async ({ limit: { signal }, headers }) => {
        asked = performance.now();
        const exchange = await exchangeOf(
          fhir.request(url, { options: { signal, headers: headersFor(url, headers) } }),
        );
        response = exchange.response;
        return exchange;
      },
      schema,
      control,
    ).then(({ value }) => ({ value, response, milliseconds: performance.now() - asked }));
  };
  return {
    baseUrl: base,
    async page(url, operation, control) {
      const { value, response, milliseconds } = await get(url, operation, bundle, control);
      const next = value.link?.find(({ relation }) => relation === "next")?.url;
      if (next !== undefined && !URL.canParse(next, url)) {
        throw responseError("The FHIR server", operation, "its link to the next page is no URL");
      }
      // What changes while a search is at work may not be in its answer.
      const time = Date.parse(response?.headers.get("date") ?? "") - milliseconds;
      return {
        bundle: value,
        next: next === undefined ? undefined : new URL(next, url).href,
        serverTime: Number.isNaN(time) ? undefined : new Date(time).toISOString(),
      };
    },
    async count(search, operation, control) {
      const url = new URL(search, base);
      url.searchParams.set("_summary", "count");
      return (await get(url.href, operation, bundle, control)).value.total ?? undefined;
    },
    async read(type, id, control) {
      const url = new URL(`${type}/${encodeURIComponent(id)}`, base).href;
      return (await get(url, `GET /${type}/{id}`, resource, { ...control, confidential: [id, control?.confidential] }))
        .value;
    },
    async types(control) {
      const { value } = await get(new URL("metadata", base).href, "GET /metadata", capabilities, control);
      return [...new Set((value.rest ?? []).flatMap(({ resource: types = [] }) => types.map(({ type }) => type)))];
    },
  };
}

/** What `fhir-kit-client` throws at an answer that is no success, or no JSON. */
interface Refusal {
  readonly response: { readonly status: number; readonly data: unknown };
  readonly config: { readonly headers: Headers };
}

const isRefusal = (error: unknown): error is Refusal =>
  typeof error === "object" && error !== null && "response" in error && "config" in error;

async function exchangeOf(request: Promise<{ resourceType: string }>): Promise<Exchange> {
  try {
    const data = await request;
    return { data, response: Client.httpFor(data).response! };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const { status, data } = error.response;
    if (status >= 200 && status < 300) throw new SyntaxError("no JSON");
    return { error: data, response: new Response(null, { status, headers: error.config.headers }) };
  }
}
