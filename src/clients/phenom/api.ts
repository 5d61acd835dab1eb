import type { Attempt, Exchange } from "../http/caller.ts";
import type { JsonExchange } from "../http/json-exchange.ts";
import type { paths } from "./contract.generated.ts";

type Method = "get" | "post" | "delete";

/** The path of an operation, as the contract has it. */
export type PhenomPath = keyof paths;

type PathWith<Verb extends Method> = {
  [Path in PhenomPath]: paths[Path][Verb] extends object ? Path : never;
}[PhenomPath];

type Given<Operation> = (Operation extends { parameters: { path: infer Path } } ? { path: Path } : unknown) &
  (Operation extends { parameters: { query?: infer Query } } ? { query?: Query } : unknown) &
  (Operation extends { requestBody?: { content: { "application/json": infer Body } } }
    ? { body?: Body } | { json: string | Uint8Array }
    : unknown);

type Ask<Verb extends Method> = <Path extends PathWith<Verb>>(
  path: Path,
  attempt: Attempt,
  given: Given<paths[Path][Verb]>,
) => Promise<Exchange>;

/** The operations of the contract, each sent once. `json` is a body that is sent as it is. */
export interface PhenomApi {
  readonly get: Ask<"get">;
  readonly post: Ask<"post">;
  readonly delete: Ask<"delete">;
}

export interface ApiOptions {
  readonly baseUrl: string;
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Paths that a deployment spells otherwise. */
  readonly paths: { readonly [Path in PhenomPath]?: string };
  readonly exchange: JsonExchange;
}

interface AnyGiven {
  readonly path?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly json?: string | Uint8Array;
}

export function createApi({ baseUrl, headers, paths: spelled, exchange }: ApiOptions): PhenomApi {
  const base = baseUrl.replace(/\/$/, "");
  const ask = (method: string) => (template: PhenomPath, attempt: Attempt, given: AnyGiven) => {
    const { path = {}, query, body, json = body === undefined ? undefined : JSON.stringify(body) } = given;
    const filled = (spelled[template] ?? template).replace(/\{(\w+)\}/g, (_, name) =>
      encodeURIComponent(path[name] ?? ""),
    );
    const request = {
      method,
      url: `${base}${filled}${searchOf(query)}`,
      headers: { ...headers, ...attempt.headers },
    };
    if (json === undefined) return exchange(request, attempt);
    const withType = { ...request.headers, "content-type": "application/json" };
    return exchange({ ...request, headers: withType, body: json }, attempt);
  };
  return { get: ask("GET"), post: ask("POST"), delete: ask("DELETE") } as PhenomApi;
}

function searchOf(query: AnyGiven["query"] = {}): string {
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(value!)}`);
  return pairs.length > 0 ? `?${pairs.join("&")}` : "";
}
