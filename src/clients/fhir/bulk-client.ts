import { z } from "zod";
import { OmopipeError } from "../../pipeline/errors.ts";
import { checkedBaseUrl } from "../http/base-url.ts";
import { type CallOptions, createCaller, type Exchange } from "../http/caller.ts";
import { exchangeOf } from "../http/exchange.ts";
import { responseError, statusOf } from "../http/failures.ts";
import { describeIssues } from "../http/issues.ts";
import { tokenOnlyTo } from "../http/origins.ts";
import { retryAfterOf } from "../http/retry-after.ts";
import type { FhirConnection } from "./fhir-client.ts";

/** What to export, in the words of the Bulk Data guide 2.0. */
export interface BulkRequest {
  /** `system`: all there is. `Patient`: all patients. `Group`: those of one group. */
  readonly level: "system" | "Patient" | "Group";
  /** The id of the group. */
  readonly group?: string | undefined;
  /** `_type`: the resource types wanted. */
  readonly types?: readonly string[] | undefined;
  /** `_since`: only what changed since then. */
  readonly since?: string | undefined;
  /** `_typeFilter`: searches that narrow down, such as "Observation?category=laboratory". */
  readonly typeFilters?: readonly string[] | undefined;
  /** `_elements`: the elements wanted, such as "Patient.birthDate". */
  readonly elements?: readonly string[] | undefined;
  /** `includeAssociatedData`: such as "LatestProvenanceResources". */
  readonly includeAssociatedData?: readonly string[] | undefined;
  /** How the export is asked for. Default GET. */
  readonly method?: "GET" | "POST" | undefined;
}

const fileList = z
  .array(
    z.looseObject({
      type: z.string().optional(),
      url: z.string().min(1),
      count: z.number().int().nonnegative().nullish(),
    }),
  )
  .nullish()
  .transform((files) => files ?? []);
const manifest = z.looseObject({
  transactionTime: z.string(),
  // Where a server does not say it: only files of its own origin are given the token anyway.
  requiresAccessToken: z.boolean().default(true),
  output: fileList,
  deleted: fileList,
  error: fileList,
  link: z.array(z.looseObject({ relation: z.string(), url: z.string() })).nullish(),
});

/** A page of the list of files that an export gives; URLs of files are absolute. */
export type Manifest = z.infer<typeof manifest>;

/** What a look at an export gives: a page of its manifest, or how far it has come. */
export interface Look {
  readonly manifest: Manifest | undefined;
  /** What `Retry-After` asks to wait. */
  readonly retryAfterMilliseconds: number | undefined;
  /** `X-Progress`, in one line of at most 100 characters. */
  readonly progress: string | undefined;
}

export interface BulkClient {
  /** Asks for an export and gives its status URL. */
  kickOff(request: BulkRequest, options?: CallOptions): Promise<string>;
  /** Looks at a status URL, or at a further page of the manifest. */
  look(url: string, options?: CallOptions): Promise<Look>;
  /** Tells the server that the files are no longer needed. An export that it does not know any more is no error. */
  remove(statusUrl: string, options?: CallOptions): Promise<void>;
}

const answer = z.custom<{ readonly exchange: Exchange }>();

/**
 * The calls of an asynchronous export (FHIR Bulk Data Access 2.0). What all clients have, this one has too; see
 * `createFhirClient`.
 */
export function createBulkClient({ baseUrl, trustedOrigins = [], ...options }: FhirConnection): BulkClient {
  const base = checkedBaseUrl(baseUrl).replace(/\/*$/, "/");
  const headersFor = tokenOnlyTo([base, ...trustedOrigins]);
  const call = createCaller({ service: "The Bulk Data server", ...options });
  const send = async (url: string, operation: string, request: RequestInit, control?: CallOptions) => {
    const { value } = await call(
      operation,
      async ({ limit: { signal }, headers }) => {
        const own = { accept: "application/fhir+json", ...(request.headers as Record<string, string>) };
        const all = { ...own, ...headersFor(url, headers) };
        const exchange = await exchangeOf(await fetch(url, { ...request, headers: all, signal, redirect: "manual" }));
        return exchange.response.ok ? { ...exchange, data: { exchange } } : exchange;
      },
      answer,
      control,
    );
    return value.exchange;
  };
  return {
    async kickOff(request, control) {
      const { method, path, template, parameters } = asked(request);
      const url = new URL(path, base);
      const headers = { prefer: "respond-async" };
      const operation = `${method} /${template}`;
      const sendIt = () => {
        if (method === "GET") {
          for (const { name, value } of parameters) url.searchParams.append(name, value);
          return send(url.href, operation, { headers }, control);
        }
        const parameter = parameters.map(({ name, value, type }) => ({ name, [type]: value }));
        const body = JSON.stringify({ resourceType: "Parameters", parameter });
        const content = { "content-type": "application/fhir+json" };
        return send(url.href, operation, { method, headers: { ...headers, ...content }, body }, control);
      };
      const { response } = await sendIt();
      const location = response.headers.get("content-location");
      if (response.status === 202 && location !== null) return new URL(location, url).href;
      throw responseError("The Bulk Data server", operation, "no 202 with a Content-Location");
    },
    async look(url, control) {
      const operation = "GET (the status of the export)";
      const { response, data } = await send(url, operation, {}, control);
      const progress = response.headers.get("x-progress")?.replace(/\s+/g, " ").trim().slice(0, 100);
      const wait = retryAfterOf(response);
      const inWork = { manifest: undefined, retryAfterMilliseconds: wait, progress };
      if (response.status === 202) return inWork;
      const checked = manifest.safeParse(data);
      if (!checked.success) {
        const why = describeIssues(checked.error);
        throw responseError("The Bulk Data server", operation, `no manifest of an export (${why})`);
      }
      const { output, deleted, error, ...others } = checked.data;
      const absolute = (files: typeof output) =>
        files.map((file) => {
          if (!URL.canParse(file.url, url))
            throw responseError("The Bulk Data server", operation, "a file without a URL");
          return { ...file, url: new URL(file.url, url).href };
        });
      const files = { output: absolute(output), deleted: absolute(deleted), error: absolute(error) };
      return { ...inWork, manifest: { ...others, ...files } };
    },
    async remove(statusUrl, control) {
      await send(statusUrl, "DELETE (the export)", { method: "DELETE" }, control).catch((error: unknown) => {
        if (![404, 410].includes(statusOf(error) ?? 0)) throw error;
      });
    },
  };
}

interface Parameter {
  readonly name: string;
  readonly value: string;
  readonly type: "valueString" | "valueInstant";
}

function asked(request: BulkRequest) {
  const { level, group, method = "GET" } = request;
  if ((level === "Group") !== (group !== undefined)) {
    throw new OmopipeError(
      "USAGE",
      "An export of level Group needs the id of the group, and one of another level has none.",
    );
  }
  const path = {
    system: "$export",
    Patient: "Patient/$export",
    Group: `Group/${encodeURIComponent(group ?? "")}/$export`,
  }[level];
  return { method, path, template: path.replace(/^Group\/.*\//, "Group/{id}/"), parameters: parametersOf(request) };
}

/** A list is one parameter with commas, but filters, whose searches may have commas of their own, are one parameter each. */
function parametersOf(request: BulkRequest): Parameter[] {
  const { types = [], since, typeFilters = [], elements = [], includeAssociatedData = [] } = request;
  const list = (name: string, values: readonly string[]): Parameter[] =>
    values.length === 0 ? [] : [{ name, value: values.join(","), type: "valueString" }];
  return [
    ...list("_type", types),
    ...(since === undefined ? [] : [{ name: "_since", value: since, type: "valueInstant" } as const]),
    ...typeFilters.flatMap((filter) => list("_typeFilter", [filter])),
    ...list("_elements", elements),
    ...list("includeAssociatedData", includeAssociatedData),
  ];
}
