import { createHash } from "node:crypto";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Manifest } from "../../clients/fhir/bulk-client.ts";
import { type DownloadOptions, download, type Download as FileDownload } from "../../clients/http/download.ts";
import { statusOf } from "../../clients/http/failures.ts";
import { messageOf, OmopipeError } from "../../pipeline/errors.ts";
import type { StageContext } from "../../pipeline/stage.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import type { Download } from "../download/download-state.ts";
import { inParallel } from "../download/in-parallel.ts";
import { countRecords } from "./count-records.ts";

/** A file of an export and what is kept of it in `meta.download_file`. Its URL, which may be signed, is not. */
export interface ExportFile {
  readonly name: string;
  readonly role: "output" | "deleted" | "error";
  readonly resource_type: string | null;
  readonly state: "waiting" | "done";
  readonly validator: string | null;
  readonly expected: number | null;
  readonly url: string;
}

/** The files that the pages of a manifest list, with what an earlier run left of them. */
export async function registerExportFiles(
  warehouse: Warehouse,
  { download_id, folder }: Download,
  pages: readonly Manifest[],
): Promise<ExportFile[]> {
  const known = new Map(
    (
      await warehouse.rows<Omit<ExportFile, "url"> & { address: string }>(
        "select name, role, resource_type, state, validator, expected, address from meta.download_file where download_id = $1",
        [download_id],
      )
    ).map((file) => [file.name, file]),
  );
  const files = pages.flatMap((page) =>
    (["output", "deleted", "error"] as const).flatMap((role) => page[role].map((file) => ({ role, ...file }))),
  );
  const addresses = addressesOf(files.map(({ url }) => url));
  return await warehouse.transaction(async () => {
    const registered: ExportFile[] = [];
    for (const [index, { role, type, url, count }] of files.entries()) {
      const resource_type = type !== undefined && /^[A-Za-z]{1,64}$/.test(type) ? type : null;
      const name = `${String(index + 1).padStart(5, "0")}-${role}-${resource_type ?? "mixed"}.ndjson`;
      const address = addresses[index]!;
      const before = known.get(name);
      if (before?.address === address) {
        registered.push({ ...before, url });
        continue;
      }
      // Another file than the one that an earlier run found in this place.
      await rm(join(folder, name), { force: true });
      await rm(join(folder, `${name}.part`), { force: true });
      await warehouse.run("delete from meta.download_file where download_id = $1 and name = $2", [download_id, name]);
      const fresh = { name, role, resource_type, state: "waiting", validator: null, expected: count ?? null } as const;
      await warehouse.run("insert into meta.download_file values ($1, $2, $3, $4, 'waiting', 0, $5, null, $6)", [
        download_id,
        name,
        role,
        resource_type,
        address,
        count ?? null,
      ]);
      registered.push({ ...fresh, url });
    }
    return registered;
  });
}

/** Where files lie, without the queries, which may be signatures; of those that only their queries tell apart, with a hash. */
function addressesOf(urls: readonly string[]): string[] {
  const places = urls.map((url) => {
    const { origin, pathname } = new URL(url);
    return `${origin}${pathname}`;
  });
  const [seen, shared] = [new Set<string>(), new Set<string>()];
  for (const place of places) (seen.has(place) ? shared : seen).add(place);
  return places.map((place, i) =>
    shared.has(place) ? `${place}#${createHash("sha256").update(urls[i]!).digest("hex")}` : place,
  );
}

/** How often a file that turns out to be damaged is downloaded as a whole. */
const wholeTries = 3;

/**
 * Downloads the files that are not there yet, several at once, and keeps in the books which are. One that cannot be had keeps
 * none of the others: what is missing is told at the end, in one error.
 */
export async function downloadExportFiles(
  files: readonly ExportFile[],
  { download_id, folder }: Download,
  concurrency: number,
  options: DownloadOptions,
  { target: warehouse, signal, progress, warn }: StageContext<Warehouse>,
): Promise<void> {
  const failures: { readonly file: ExportFile; readonly error: unknown }[] = [];
  const change = (file: ExportFile, columns: string, ...values: (string | number | null)[]) =>
    warehouse.run(`update meta.download_file set ${columns} where download_id = $1 and name = $2`, [
      download_id,
      file.name,
      ...values,
    ]);
  let done = files.filter(({ state }) => state === "done").length;
  const waiting = files.filter(({ state }) => state === "waiting");
  await inParallel(waiting, concurrency, async (file) => {
    const path = join(folder, file.name);
    const wanted: FileDownload = {
      url: file.url,
      path,
      operation: `GET (a file of the export: ${file.resource_type ?? file.role})`,
      validator: file.validator ?? undefined,
      onVersion: (validator) => change(file, "validator = $3", validator ?? null),
    };
    try {
      const records = await downloadWhole(wanted, file, options);
      // Blank lines, or a gzip of nothing, are a file without content.
      await change(file, "state = 'done', bytes = $3", records === 0 ? 0 : (await stat(path)).size);
      if (file.expected !== null && file.expected !== records) {
        warn(
          `A file of ${file.resource_type ?? file.role} has ${records} records, but the server announced ${file.expected}.`,
        );
      }
    } catch (error) {
      signal.throwIfAborted();
      failures.push({ file, error });
      return;
    }
    done += 1;
    progress({ done, total: files.length, unit: "files" });
  });
  if (failures.length === 0) return;
  const { file, error } = failures.find((failure) => isGone(failure.error)) ?? failures[0]!;
  const advice = isGone(error)
    ? "The export is no longer whole: run the same again to have a new one."
    : "The others are kept: run the same again to go on.";
  throw new OmopipeError(
    error instanceof OmopipeError ? error.code : "STAGE_FAILED",
    `${failures.length} of the ${files.length} files of the export could not be downloaded; the first is of ` +
      `${file.resource_type ?? file.role}: ${messageOf(error)} ${advice}`,
    { cause: error, retryable: true },
  );
}

/** Whether the server has removed a file: it will not come back. */
export const isGone = (error: unknown): boolean => [404, 410].includes(statusOf(error) ?? 0);

/** Downloads a file until it is whole, and gives how many records it has. */
async function downloadWhole(
  wanted: FileDownload,
  { role, resource_type }: ExportFile,
  options: DownloadOptions,
): Promise<number> {
  for (let tries = 1; ; tries++) {
    await download(tries === 1 ? wanted : { ...wanted, validator: undefined }, options);
    const { records, damage, isOutcome } = await countRecords(wanted.path, options.signal);
    const isRefusal = isOutcome && role === "output" && resource_type !== "OperationOutcome";
    const fault = damage ?? (isRefusal ? "an OperationOutcome came in its place" : undefined);
    if (fault === undefined) return records;
    await rm(wanted.path);
    if (tries < wholeTries) continue;
    throw new OmopipeError("RESPONSE_INVALID", `It came damaged ${wholeTries} times: ${fault}.`);
  }
}
