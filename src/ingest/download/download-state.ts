import { randomUUID } from "node:crypto";
import { mkdir, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { OmopipeError } from "../../pipeline/errors.ts";
import { sqlText } from "../../warehouse/sql-text.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";

/** What tells one download from another: the same again is gone on with where it was not finished. */
export interface DownloadRequest {
  readonly kind: "fhirServer" | "bulkExport";
  readonly source: string;
  /** What is asked for, without tokens and keys. */
  readonly request: object;
  /** Only what changed since this moment, or since the last such download. */
  readonly since: string | "last" | undefined;
  /** The folder for the files. Default: beside the warehouse. */
  readonly folder: string | undefined;
}

/** A download in `meta.download`. */
export interface Download {
  readonly download_id: string;
  readonly phase: string;
  readonly folder: string;
  readonly since: string | null;
  readonly server_time: string | null;
  readonly status_url: string | null;
}

/** Throws USAGE for what servers do not know as a moment, and some of them pass over. */
export function checkSince(since: string | undefined): void {
  if (since === undefined || since === "last" || (fhirMoment.test(since) && !Number.isNaN(Date.parse(since)))) return;
  throw new OmopipeError(
    "USAGE",
    `"${since}" is no moment to read since. Write it as 2026-01-01T00:00:00Z, or "last" for the last download of the same.`,
  );
}

const fhirMoment = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?$/;

/** Finds the download that was not finished, or writes a new one down, with `firstPhase`. Its folder is there then. */
export async function openDownload(
  warehouse: Warehouse,
  wanted: DownloadRequest,
  firstPhase: string,
): Promise<Download> {
  await warehouse.run(sqlText(import.meta.url, "download.sql"));
  await mustHaveKept(warehouse);
  const { kind, source, since } = wanted;
  // `since` is part of what is asked for as it was given: "last" means another moment each night.
  const key = [kind, source, JSON.stringify({ ...wanted.request, since })];
  const columns = "download_id, phase, folder, since, server_time, status_url";
  const unfinished = await warehouse.row<Download>(
    `select ${columns} from meta.download
     where kind = $1 and source = $2 and request::varchar = $3::json::varchar and phase not in ('landed', 'lost')
     order by started_at desc limit 1`,
    key,
  );
  if (unfinished !== undefined) {
    if ((await stat(unfinished.folder).catch(() => undefined))?.isDirectory()) return unfinished;
    // Somebody has removed what was downloaded so far.
    await updateDownload(warehouse, unfinished, { phase: "lost" });
  }
  const begun = await begin(warehouse, wanted, key, firstPhase);
  await mkdir(begun.folder, { recursive: true, mode: 0o700 });
  return begun;
}

/** What is read of a server comes in other files each time: those that were mapped before cannot be given again. */
async function mustHaveKept(warehouse: Warehouse): Promise<void> {
  const forgotten = await warehouse.row(
    `select 1 from meta.download
     where phase = 'landed' and exists (from meta.setting where name = 'landing' and value = 'forgotten') limit 1`,
  );
  if (forgotten === undefined) return;
  throw new OmopipeError(
    "USAGE",
    "The warehouse has not kept the records that it was given by a server (--keep-landing none), and without them it cannot be gone on " +
      "with. Begin a new warehouse.",
  );
}

async function begin(
  warehouse: Warehouse,
  { since, folder }: DownloadRequest,
  key: readonly string[],
  phase: string,
): Promise<Download> {
  const last = await warehouse.row<{ server_time: string | null }>(
    `select server_time from meta.download
     where kind = $1 and source = $2 and request::varchar = $3::json::varchar and phase = 'landed'
     order by started_at desc limit 1`,
    [...key],
  );
  const id = randomUUID();
  const download = {
    download_id: id,
    phase,
    folder: join(resolve(folder ?? defaultFolder(warehouse)), id),
    since: (since === "last" ? last?.server_time : since) ?? null,
    server_time: null,
    status_url: null,
  };
  await warehouse.run(
    `insert into meta.download
     select $4, $1, $2, $3::json, $5, $6, $7, null, null, current_timestamp::timestamp, null`,
    [...key, id, phase, download.folder, download.since],
  );
  return download;
}

const defaultFolder = ({ path }: Warehouse): string =>
  path === ":memory:" ? join(tmpdir(), `omopipe-downloads-${process.pid}`) : `${path}.downloads`;

/** Changes columns of a download. */
export async function updateDownload(
  warehouse: Warehouse,
  { download_id }: Pick<Download, "download_id">,
  changes: Readonly<Partial<Record<"phase" | "server_time" | "status_url", string | null>>>,
): Promise<void> {
  const names = Object.keys(changes);
  await warehouse.run(
    `update meta.download set ${names.map((name, i) => `${name} = $${i + 2}`).join(", ")} where download_id = $1`,
    [download_id, ...Object.values(changes)],
  );
}

/**
 * Has the next download since the last begin where this one did, and tells whether it will. What was not read, because pages moved while
 * they were read, may never change again. Only once: a server that counts wrongly would be read as a whole every night.
 */
export async function readAgain(warehouse: Warehouse, download: Download): Promise<boolean> {
  const earlier = await warehouse.row(
    `select 1 from meta.download earlier
     join meta.download now on now.kind = earlier.kind and now.source = earlier.source
       and now.request::varchar = earlier.request::varchar and now.since is not distinct from earlier.since
     where now.download_id = $1 and earlier.phase = 'landed' limit 1`,
    [download.download_id],
  );
  if (earlier !== undefined) return false;
  await updateDownload(warehouse, download, { server_time: download.since });
  return true;
}
