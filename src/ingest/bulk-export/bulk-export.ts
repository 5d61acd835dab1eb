import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type BulkClient, type BulkRequest, createBulkClient, type Manifest } from "../../clients/fhir/bulk-client.ts";
import { type FhirConnection, patientConnection } from "../../clients/fhir/fhir-client.ts";
import { checkedBaseUrl } from "../../clients/http/base-url.ts";
import type { DownloadOptions } from "../../clients/http/download.ts";
import { statusOf } from "../../clients/http/failures.ts";
import { tokenOnlyTo } from "../../clients/http/origins.ts";
import { tokenSource } from "../../clients/http/token.ts";
import { messageOf, OmopipeError } from "../../pipeline/errors.ts";
import type { Stage, StageContext } from "../../pipeline/stage.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import { checkSince, type Download, openDownload, updateDownload } from "../download/download-state.ts";
import { closeDownload, isNoResource, landDownload } from "../download/land-download.ts";
import type { Landed } from "../fhir-files.ts";
import { removeDeleted } from "../remove-deleted.ts";
import { downloadExportFiles, isGone, registerExportFiles } from "./export-files.ts";
import { deletedResources, reportedProblems } from "./side-files.ts";
import { type PollOptions, waitForManifest } from "./wait-for-manifest.ts";

export interface BulkExportOptions extends FhirConnection, BulkRequest {
  /** Only what changed since this moment (FHIR instant), or since the `last` export of the same. Default: everything. */
  readonly since?: string | undefined;
  /**
   * How often to look whether the export is ready, and for how long. What `Retry-After` asks for is obeyed between the first
   * waiting time and the cap. Default 1 s, 1.5 s … 5 min, for a day.
   */
  readonly poll?: PollOptions | undefined;
  /** Files downloaded at once, 1 to 16. Default 4. */
  readonly concurrency?: number | undefined;
  /** The name of the source system. Records of different sources never meet. Default "default". */
  readonly source?: string | undefined;
  /** As of `fhirFiles`. */
  readonly patientsByIdentifier?: boolean | undefined;
  /** Where the files are kept until they have landed. Default: a folder beside the warehouse. */
  readonly folder?: string | undefined;
}

/**
 * Reads FHIR by an asynchronous export (FHIR Bulk Data Access 2.0): asks for it, waits, downloads the files several at once,
 * lands them as files do, removes what the server reports as deleted, and tells the server that the export is no longer needed.
 * The status URL is kept in `meta.download` before the first look, and so is the state of each file: run again after it was
 * killed or failed, it goes on, in the middle of a file where the server can.
 *
 * Problems that the server reports (`error` files) and counts that differ are told as warnings. Rejects with the codes of the
 * clients, with JOB_FAILED when the server could not make the export, JOB_TIMEOUT when it was not ready in time, and when files
 * could not be had, which are then the only ones asked for again. See docs/fhir-servers.md.
 *
 * @example
 * await pipeline(bulkExport({ baseUrl, token, level: "Group", group: "cohort-1" }), mapToOmop()).run(warehouse);
 */
export function bulkExport(given: BulkExportOptions): Stage<undefined | Landed, Landed, Warehouse> {
  const options = patientConnection(given);
  const { source = "default", patientsByIdentifier, concurrency = 4 } = options;
  const base = checkedBaseUrl(options.baseUrl);
  checkSince(options.since);
  const client = createBulkClient(options);
  return {
    name: "bulkExport",
    async execute(before, context) {
      const { target: warehouse, signal, warn } = context;
      const wanted = { kind: "bulkExport", source, since: options.since, folder: options.folder } as const;
      let download = await openDownload(warehouse, { ...wanted, request: requestOf(options, base) }, "begun");
      const remove = () =>
        client.remove(download.status_url!, { signal }).catch((error: unknown) => {
          warn(`The export could not be removed from the server, which is no harm: ${messageOf(error)}`);
        });
      if (download.phase !== "downloaded") {
        const [exporting, pages] = await finished(download, client, options, context);
        download = exporting;
        const files = await registerExportFiles(warehouse, download, pages);
        await updateDownload(warehouse, download, { server_time: pages[0].transactionTime });
        const several = Math.min(16, Math.max(1, Math.trunc(concurrency)));
        const access = accessTo(pages, base, options, signal);
        await downloadExportFiles(files, download, several, access, context).catch(async (error: unknown) => {
          if (error instanceof OmopipeError && isGone(error.cause)) {
            await remove();
            await forget(warehouse, download);
          }
          throw error;
        });
        await updateDownload(warehouse, download, { phase: "downloaded" });
      }
      const problems = await reportedProblems(warehouse, download, signal);
      if (problems.count > 0) warn(`The server reports ${problems.count} problems of this export: ${problems.kinds}.`);
      const landing = landDownload(download, { source, patientsByIdentifier }, before, context);
      const landed = await landing.catch(async (error: unknown) => {
        if (isNoResource(error)) await remove();
        throw error;
      });
      const deleted = await deletedResources(warehouse, download, signal);
      await removeDeleted(warehouse, source, deleted, join(download.folder, "/"));
      await remove();
      await closeDownload(warehouse, download);
      return landed;
    },
  };
}

function requestOf(options: BulkExportOptions, baseUrl: string): object {
  const { level, group, types, typeFilters, elements, includeAssociatedData } = options;
  return { baseUrl, level, group, types, typeFilters, elements, includeAssociatedData };
}

/** Asks for the export, if no earlier run has, and waits until it is ready. */
async function finished(
  download: Download,
  client: BulkClient,
  options: BulkExportOptions,
  context: StageContext<Warehouse>,
): Promise<[Download, [Manifest, ...Manifest[]]]> {
  const { target: warehouse, signal, progress, warn } = context;
  let statusUrl = download.status_url;
  if (statusUrl === null) {
    statusUrl = await client.kickOff({ ...options, since: download.since ?? undefined }, { signal });
    await updateDownload(warehouse, download, { status_url: statusUrl, phase: "exporting" });
  }
  const exporting = { ...download, status_url: statusUrl };
  try {
    return [exporting, await waitForManifest(client, statusUrl, { poll: options.poll, signal, progress })];
  } catch (error) {
    // An export that was ready once has not failed, whatever the server says meanwhile, unless it is gone.
    const wasReady = await warehouse.row("select 1 from meta.download_file where download_id = $1 limit 1", [
      download.download_id,
    ]);
    const final = wasReady ? [404, 410] : [400, 404, 410, 422, 500, 501];
    if (!final.includes(statusOf(error) ?? 0)) throw error;
    await forget(warehouse, download);
    const again = { ...download, status_url: null };
    if (download.status_url !== null) {
      warn("The server does not know the export any more that an earlier run asked for: it is asked for again.");
      return await finished(again, client, options, context);
    }
    throw new OmopipeError("JOB_FAILED", `The server could not make the export: ${messageOf(error)}`, { cause: error });
  }
}

/** What was downloaded of one export cannot be gone on with in another. */
async function forget(warehouse: Warehouse, download: Download): Promise<void> {
  await warehouse.run("delete from meta.download_file where download_id = $1", [download.download_id]);
  await updateDownload(warehouse, download, { status_url: null, phase: "begun" });
  for (const name of await readdir(download.folder)) await rm(join(download.folder, name));
}

/** Files are asked for with a token only where the manifest says so: a signed URL must not be given one. */
function accessTo(
  pages: readonly Manifest[],
  base: string,
  { token, trustedOrigins = [], retries, backoff, timeoutMilliseconds }: BulkExportOptions,
  signal: AbortSignal,
): DownloadOptions {
  const needsToken = pages.some(({ requiresAccessToken }) => requiresAccessToken);
  return {
    service: "The Bulk Data server",
    tokens: tokenSource(needsToken ? token : undefined),
    headersFor: tokenOnlyTo([base, ...trustedOrigins]),
    signal,
    retries,
    backoff,
    timeoutMilliseconds,
  };
}
