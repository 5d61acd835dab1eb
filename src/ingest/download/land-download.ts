import { rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { OmopipeError } from "../../pipeline/errors.ts";
import type { StageContext } from "../../pipeline/stage.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import { type FhirFilesOptions, fhirFiles, type Landed } from "../fhir-files.ts";
import { openLanding } from "../landing-tables.ts";
import { type Download, updateDownload } from "./download-state.ts";

/**
 * Lands the files of a download as if they had been there all along. One that brought nothing new lands nothing. One that brought
 * nothing at all is given up, so that the next run asks the server again.
 */
export async function landDownload(
  download: Download,
  options: FhirFilesOptions,
  before: Landed | undefined,
  context: StageContext<Warehouse>,
): Promise<Landed> {
  const { target: warehouse, runId } = context;
  await openLanding(warehouse);
  const files = await warehouse.rows<{ name: string }>(
    "select name from meta.download_file where download_id = $1 and role in ('match', 'include', 'output') and bytes > 0",
    [download.download_id],
  );
  if (files.length === 0 && download.since !== null) return { stage: "landed", runId, files: before?.files ?? [] };
  const paths = files.map(({ name }) => join(download.folder, name));
  try {
    if (paths.length === 0) throw noResource();
    return await fhirFiles(paths, options).execute(before, context);
  } catch (error) {
    if (!isNoResource(error)) throw error;
    await updateDownload(warehouse, download, { phase: "lost" });
    await removeFolder(download);
    throw noResource();
  }
}

/** Whether a download failed because there was no FHIR in what the server gave. */
export const isNoResource = (error: unknown): boolean =>
  error instanceof OmopipeError && error.code === "INPUT_NOT_FHIR";

function noResource(): OmopipeError {
  return new OmopipeError(
    "INPUT_NOT_FHIR",
    "The server gave no resource at all. Check what was asked for, and the rights to it.",
  );
}

/** Closes a download whose files have landed, and any that a run was killed in closing. */
export async function closeDownload(warehouse: Warehouse, download: Download): Promise<void> {
  await updateDownload(warehouse, download, { phase: "landed" });
  const landed = await warehouse.rows<Closing>(
    "select download_id, folder from meta.download where phase = 'landed' and ended_at is null",
  );
  for (const each of landed) {
    // There may be millions, and as many more the next night.
    await warehouse.run("delete from meta.download_part where download_id = $1", [each.download_id]);
    await removeFiles(warehouse, each);
    await warehouse.run("update meta.download set ended_at = current_timestamp::timestamp where download_id = $1", [
      each.download_id,
    ]);
  }
}

type Closing = Pick<Download, "download_id" | "folder">;

/** Files that have landed are no longer needed, but for those in which something was quarantined: where it stands can be looked up. */
async function removeFiles(warehouse: Warehouse, download: Closing): Promise<void> {
  const names = await warehouse.rows<{ name: string; quarantined: boolean }>(
    `select name, exists (
       select 1 from meta.quarantine join meta.file using (file_id) where path = $2 || '/' || name
     ) as quarantined
     from meta.download_file where download_id = $1`,
    [download.download_id, download.folder],
  );
  for (const { name, quarantined } of names) {
    if (!quarantined) await rm(join(download.folder, name), { force: true });
  }
  if (names.some(({ quarantined }) => quarantined)) return;
  await removeFolder(download);
}

async function removeFolder({ folder }: Closing): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  // The folder of all downloads goes with the last of them.
  await rmdir(dirname(folder)).catch(() => {});
}
