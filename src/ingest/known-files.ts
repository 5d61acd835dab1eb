import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { Warehouse } from "../warehouse/warehouse.ts";

/** The SHA-256 of files, by path. */
export type Hashes = ReadonlyMap<string, string>;

/** What tells of a file whether it is as it was. */
export interface KnownBy {
  readonly path: string;
  readonly bytes: number;
  /** When it was last written to, ISO 8601. */
  readonly modified: string;
}

interface KnownFile {
  readonly path: string;
  readonly bytes: number;
  readonly modified: number | null;
  readonly hash: string | null;
}

interface LandingOfFiles {
  readonly warehouse: Warehouse;
  readonly source: string;
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
  { warehouse, source, signal, layout }: LandingOfFiles,
): Promise<readonly File[]> {
  const rows = await warehouse.rows<KnownFile>(
    `select path, bytes, epoch_ms(modified) as modified, hash from meta.file
     where source = $1 and landing_layout = $2 and hash is not null`,
    [source, layout],
  );
  const known = new Map(rows.map((row) => [row.path, row]));
  const unchanged: File[] = [];
  for (const file of files) {
    const before = known.get(file.path);
    if (before?.bytes !== file.bytes) continue;
    if (before.modified === Date.parse(file.modified) || before.hash === (await hashOf(file.path, signal))) {
      unchanged.push(file);
    }
  }
  return unchanged;
}

/** Reads files to their end, one after the other; beside the work of DuckDB that takes next to no time. */
export async function hashFiles(files: readonly { readonly path: string }[], signal: AbortSignal): Promise<Hashes> {
  const hashes = new Map<string, string>();
  for (const { path } of files) hashes.set(path, await hashOf(path, signal));
  return hashes;
}

async function hashOf(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1_048_576, signal })) hash.update(chunk);
  return hash.digest("hex");
}

/** Writes down what the files of a run were like, so that they are known again: those that landed, and those that were as before. */
export async function rememberFiles(
  warehouse: Warehouse,
  { landed, unchanged }: { readonly landed: Hashes; readonly unchanged: readonly KnownBy[] },
  { source, runId, layout }: { readonly source: string; readonly runId: string; readonly layout: string },
): Promise<void> {
  const found = [
    ...[...landed].map(([path, hash]) => ({ path, hash })),
    ...unchanged.map(({ path, modified }) => ({ path, modified })),
  ];
  await warehouse.run(
    `update meta.file
     set run_id = $2, hash = coalesce(found.hash, file.hash), modified = coalesce(found.modified, file.modified),
       landing_layout = $4
     from (
       select unnest(json_transform($1::json, '[{"path":"VARCHAR","hash":"VARCHAR","modified":"TIMESTAMP"}]'), recursive := true)
     ) found
     where file.path = found.path and file.source = $3`,
    [JSON.stringify(found), runId, source, layout],
  );
}
