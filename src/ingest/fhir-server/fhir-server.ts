import { join } from "node:path";
import {
  createFhirClient,
  type FhirClient,
  type FhirConnection,
  patientConnection,
} from "../../clients/fhir/fhir-client.ts";
import { adaptiveConcurrency, adaptiveGate } from "../../clients/http/adaptive-concurrency.ts";
import { OmopipeError } from "../../pipeline/errors.ts";
import type { Stage, StageContext } from "../../pipeline/stage.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import { checkSince, type Download, openDownload, readAgain } from "../download/download-state.ts";
import { closeDownload, landDownload } from "../download/land-download.ts";
import { openPageFiles } from "../download/page-files.ts";
import { countProblems } from "../download/problem-counts.ts";
import type { Landed } from "../fhir-files.ts";
import { landedTypes } from "../landing-tables.ts";
import { openBinaries } from "./binaries.ts";
import { checkTotals } from "./check-totals.ts";
import { type CrawlContext, crawl, hydrate } from "./crawl.ts";
import { enterPhase, partsByPatient, partsByType, partsReferredTo, waitingParts } from "./parts.ts";
import {
  isEverything,
  type Search,
  type SearchPlan,
  searchesByPatient,
  searchesByType,
  searchForIds,
} from "./searches.ts";

export interface FhirServerOptions extends FhirConnection {
  /**
   * The resource types to read, with search parameters where only some are wanted: "Observation?category=laboratory".
   * Default: all that omopipe maps and the server lists in its CapabilityStatement.
   */
  readonly types?: readonly string[] | undefined;
  /**
   * Reads patient by patient, for servers that do not let anybody search over all: by a `search` for each type, or with
   * `everything` (`Patient/{id}/$everything`). Default: whole types.
   */
  readonly perPatient?: "search" | "everything" | undefined;
  /** Only what changed since this moment (FHIR instant), or since the `last` download of the same. Default: everything. */
  readonly since?: string | undefined;
  /** `_include`s, such as "MedicationRequest:medication". */
  readonly include?: readonly string[] | undefined;
  /** Types whose resources are read one by one where others refer to them. Default Medication, Practitioner and Binary. */
  readonly hydrate?: readonly string[] | undefined;
  /** Resources in a page (`_count`). Default 200. */
  readonly pageSize?: number | undefined;
  /**
   * Requests in flight at most, 1 to 16. Default 8. Half as many, down to 4, after the server refuses one as too many (429, 503),
   * and by and by more again.
   */
  readonly concurrency?: number | undefined;
  /** The name of the source system. Records of different sources never meet. Default "default". */
  readonly source?: string | undefined;
  /** As of `fhirFiles`. */
  readonly patientsByIdentifier?: boolean | undefined;
  /** Where the pages are kept until they have landed. Default: a folder beside the warehouse. */
  readonly folder?: string | undefined;
}

/**
 * Reads FHIR from a server by searches: all pages, several searches at once, then the resources that others refer to. Pages are
 * kept as NDJSON beside the warehouse and land as files do, so memory does not grow with the server. How far it has come is
 * kept in `meta.download`: run again after it was killed or failed, it goes on.
 *
 * What the server counts otherwise than was read, or does not have although others refer to it, is told as a warning. Rejects
 * with the codes of the clients (HTTP_STATUS, HTTP_NETWORK, HTTP_TIMEOUT, RESPONSE_INVALID), and with INPUT_NOT_FHIR when the
 * server has nothing of what was asked for. See docs/fhir-servers.md.
 *
 * @example
 * await pipeline(fhirServer({ baseUrl: "https://hospital.example/fhir", token }), mapToOmop()).run(warehouse);
 */
export function fhirServer(options: FhirServerOptions): Stage<undefined | Landed, Landed, Warehouse> {
  const { source = "default", patientsByIdentifier, include = [], perPatient } = options;
  checkSince(options.since);
  // A page of 0 is no page, but a count.
  const pageSize = Math.max(1, Math.trunc(options.pageSize ?? 200));
  const hydrated = options.hydrate ?? ["Medication", "Practitioner", "Binary"];
  const concurrency = Math.min(16, Math.max(1, Math.trunc(options.concurrency ?? 8)));
  const gate = adaptiveGate(adaptiveConcurrency(concurrency, fewestAtOnce), [429, 503]);
  const client = createFhirClient(patientConnection(options), gate);
  return {
    name: "fhirServer",
    async execute(before, context) {
      const { target: warehouse, signal, warn } = context;
      const types = options.types ?? (await offeredTypes(client, signal));
      const plan: SearchPlan = { types, include, perPatient };
      const byType = searchesByType(plan);
      const byPatient = searchesByPatient({ ...plan, types: options.types ?? (perPatient === "search" ? types : []) });
      const request = { baseUrl: client.baseUrl, types: options.types, perPatient, include, hydrate: hydrated };
      const wanted = { kind: "fhirServer", source, request, since: options.since, folder: options.folder } as const;
      let download = await openDownload(warehouse, wanted, "begun");
      const binaries = openBinaries(client, hydrated.includes("Binary"));
      const crawling = await openCrawl(download, client, { pageSize, concurrency }, binaries, context);
      const enter = async (phase: string, searches: string) => {
        await enterPhase(warehouse, download, phase, searches);
        download = { ...download, phase };
      };
      const work = async (read: typeof crawl) => {
        for await (const parts of waitingParts(warehouse, download, download.phase)) await read(parts, crawling);
      };

      if (download.phase === "begun") {
        const ofAll = perPatient !== undefined && download.since !== null ? [searchForIds(plan)] : [];
        await enter("types", partsByType([...byType, ...ofAll]));
      }
      if (download.phase === "types") {
        await work(crawl);
        await enter("patients", partsByPatient(await filesOf(download, warehouse, "Patient"), byPatient));
      }
      if (download.phase === "patients") {
        await work(crawl);
        const linked = hydrated.filter((type) => type !== "Binary");
        await enter("references", partsReferredTo(await filesOf(download, warehouse), linked, client.baseUrl));
      }
      if (download.phase === "references") {
        await work(hydrate);
        const differs = await tellDifferences(download, [...byType, ...byPatient], client, context);
        if (differs && (await readAgain(warehouse, download)) && options.since === "last") {
          warn("The next run with since last reads from the same moment as this one, for what may be missing.");
        }
        await enter("downloaded", partsByType([]));
      }
      const { problems } = crawling;
      if (problems.count > 0) warn(`The server reports ${problems.count} problems of its answers: ${problems.kinds}.`);
      if (binaries.missing > 0) warn(`${binaries.missing} Binary that documents refer to could not be had.`);
      const landed = await landDownload(download, { source, patientsByIdentifier }, before, context);
      await closeDownload(warehouse, download);
      return landed;
    },
  };
}

/** So few requests in flight are not reduced any further: each waits for what the server asks for. */
const fewestAtOnce = 4;

async function openCrawl(
  download: Download,
  client: FhirClient,
  { pageSize, concurrency }: Pick<CrawlContext, "pageSize" | "concurrency">,
  binaries: CrawlContext["binaries"],
  { target: warehouse, signal, progress }: StageContext<Warehouse>,
): Promise<CrawlContext> {
  let done = 0;
  return {
    client,
    binaries,
    files: await openPageFiles(warehouse, download),
    since: download.since,
    pageSize,
    concurrency,
    signal,
    onResources: (count) => {
      done += count;
      progress({ done, unit: "resources" });
    },
    givenAlong: new Set(),
    problems: countProblems(["error", "fatal"]),
  };
}

async function offeredTypes(client: FhirClient, signal: AbortSignal): Promise<string[]> {
  const offered = new Set(await client.types({ signal }));
  const types = landedTypes.filter((type) => offered.has(type));
  if (types.length > 0) return types;
  throw new OmopipeError(
    "INPUT_NOT_FHIR",
    "The CapabilityStatement of the server lists no resource type that omopipe maps. Name the types to read.",
  );
}

async function filesOf(download: Download, warehouse: Warehouse, type?: string): Promise<string[]> {
  const files = await warehouse.rows<{ name: string }>(
    `select name from meta.download_file
     where download_id = $1 and ($2 is null or (resource_type = $2 and role in ('match', 'id'))) order by name`,
    [download.download_id, type ?? null],
  );
  return files.map((file) => join(download.folder, file.name));
}

async function tellDifferences(
  download: Download,
  searches: readonly Search[],
  client: FhirClient,
  { target: warehouse, signal, warn }: StageContext<Warehouse>,
): Promise<boolean> {
  const missing = await warehouse.rows<{ template: string; resource_type: string; count: number }>(
    `select template, resource_type, count(*) as count from meta.download_part
     where download_id = $1 and state = 'missing' group by all order by resource_type`,
    [download.download_id],
  );
  for (const { template, resource_type, count } of missing) {
    warn(
      isEverything({ template })
        ? `${count} patients were gone from the server when their records were asked for.`
        : `${count} ${resource_type} that others refer to could not be had from the server.`,
    );
  }
  // What was read is there, whether or not the server can count.
  const count = (search: string, type: string) =>
    client.count(search, `GET /${type}?_summary=count`, { signal }).catch(() => {
      signal.throwIfAborted();
      return undefined;
    });
  const { differences, unknown } = await checkTotals(warehouse, download, searches, count);
  for (const sentence of [...unknown, ...differences]) warn(sentence);
  return differences.length > 0;
}
