import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { Warehouse } from "../warehouse/warehouse.ts";
import type { FileOfSource } from "./landing-files.ts";

/** A file with its SHA-256. */
export interface HashedFile extends FileOfSource {
  readonly hash: string;
}

/** What tells of a file whether it is as it was. */
export interface KnownBy extends FileOfSource {
  readonly bytes: number;
  /** When it was last written to, ISO 8601. */
  readonly modified: string;
}

interface KnownFile extends FileOfSource {
  readonly bytes: number;
  readonly modified: number | null;
  readonly hash: string | null;
}

interface LandingOfFiles {
  readonly warehouse: Warehouse;
  readonly signal: AbortSignal;
  /** Of the tables and by the mapping that they land in now. */
  readonly layout: string;
}

/**
 * Of some files those that have landed before and are as they were then: of the same size, and written to at the same time or of
 * the same content.
 */
export async function unchangedFiles<File extends KnownBy>(
  files: readonly File[],
  { warehouse, signal, layout }: LandingOfFiles,
): Promise<readonly File[]> {
  const rows = await warehouse.rows<KnownFile>(
    `select source, path, bytes, epoch_ms(modified) as modified, hash from meta.file
     where landing_layout = $1 and hash is not null`,
    [layout],
  );
  const known = new Map(rows.map((row) => [keyOf(row), row]));
  const unchanged: File[] = [];
  for (const file of files) {
    const before = known.get(keyOf(file));
    if (before?.bytes !== file.bytes) continue;
    if (before.modified === Date.parse(file.modified) || before.hash === (await hashOf(file.path, signal))) {
      unchanged.push(file);
    }
  }
  return unchanged;
}

/** Reads files to their end, one after the other; beside the work of DuckDB that takes next to no time. */
export async function hashFiles(files: readonly FileOfSource[], signal: AbortSignal): Promise<HashedFile[]> {
  const hashed: HashedFile[] = [];
  for (const { source, path } of files) hashed.push({ source, path, hash: await hashOf(path, signal) });
  return hashed;
}

const keyOf = ({ source, path }: FileOfSource): string => JSON.stringify([source, path]);

async function hashOf(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1_048_576, signal })) hash.update(chunk);
  return hash.digest("hex");
}

/** Writes down what the files of a run were like, so that they are known again: those that landed, and those that were as before. */
export async function rememberFiles(
  warehouse: Warehouse,
  { landed, unchanged }: { readonly landed: readonly HashedFile[]; readonly unchanged: readonly KnownBy[] },
  { runId, layout }: { readonly runId: string; readonly layout: string },
): Promise<void> {
  const found = [...landed, ...unchanged.map(({ source, path, modified }) => ({ source, path, modified }))];
  await warehouse.run(
    `update meta.file
     set run_id = $2, hash = coalesce(found.hash, file.hash), modified = coalesce(found.modified, file.modified),
       landing_layout = $3
     from (
       select unnest(json_transform($1::json, '[{"source":"VARCHAR","path":"VARCHAR","hash":"VARCHAR","modified":"TIMESTAMP"}]'),
         recursive := true)
     ) found
     where file.path = found.path and file.source = found.source`,
    [JSON.stringify(found), runId, layout],
  );
}
