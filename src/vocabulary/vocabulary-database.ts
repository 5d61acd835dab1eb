import { createHash, randomUUID } from "node:crypto";
import { access, mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { messageOf, OmopipeError } from "../pipeline/errors.ts";
import { createVocabularyTables } from "../warehouse/cdm-tables.ts";
import { identifier, literal } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { loadTable } from "./load-table.ts";
import { userCacheFolder } from "./user-cache-folder.ts";
import type { VocabularyPart } from "./vocabulary-files.ts";

/** How a vocabulary is loaded. */
export interface LoadVocabularyOptions {
  /**
   * The folder in which the databases are kept that vocabularies are loaded into. Default: beside the files themselves, or,
   * where nothing can be written there, the user's folder for caches (`~/.cache/omopipe`).
   */
  readonly cache?: string | undefined;
  /** Stops the loading; the vocabulary that was there before then stays. */
  readonly signal?: AbortSignal | undefined;
  /** Told the name of each table before it is loaded. */
  readonly onTable?: ((table: string) => void) | undefined;
}

/** The database of a folder or file. */
export interface VocabularyDatabase {
  readonly path: string;
  /** Whether it was made just now; false: it was there. */
  readonly made: boolean;
}

/**
 * The DuckDB file that a folder or file was loaded into; made when there is none, or none for the files as they are now.
 *
 * It is written under another name and renamed when it is whole, so that a database under its own name is never half; two
 * processes that make the same one at once make it twice, and the second takes the place of the first. It is never written to
 * again: when the files change, their new state has another name, and the old database is removed.
 *
 * Throws VOCABULARY_INVALID when a file cannot be read, or the database cannot be written.
 */
export async function openVocabularyDatabase(
  warehouse: Warehouse,
  part: VocabularyPart,
  options: LoadVocabularyOptions,
): Promise<VocabularyDatabase> {
  const places = placesFor(part, options.cache);
  for (const { folder, stem } of places) {
    const path = join(folder, nameOf(stem, part));
    if (await exists(path)) return { path, made: false };
  }
  const { folder, stem } = await firstWritable(places, part);
  const path = join(folder, nameOf(stem, part));
  const unfinished = join(folder, `${stem}-${part.fingerprint}-${randomUUID()}.unfinished`);
  try {
    await fill(warehouse, part, unfinished, options);
    // Where a file that is open cannot be replaced, another process has made the same database in the meantime.
    await rename(unfinished, path).catch(async (cause) => {
      if (!(await exists(path))) throw cause;
    });
  } finally {
    await remove(unfinished);
  }
  await removeOutdated(folder, stem, basename(path));
  return { path, made: true };
}

/** A folder for databases, and what the names of a part's databases begin with there. */
interface Place {
  readonly folder: string;
  readonly stem: string;
}

/** Where the database of a part may be. In a folder of their own, databases are told apart by where their parts are. */
function placesFor({ path, folder }: VocabularyPart, cache: string | undefined): Place[] {
  const hash = createHash("sha256").update(path).digest("hex").slice(0, 8);
  const own = { folder: resolve(cache ?? userCacheFolder()), stem: `omopipe-${basename(path)}-${hash}` };
  if (cache !== undefined) return [own];
  return [{ folder, stem: path === folder ? "omopipe-vocabulary" : `omopipe-${basename(path)}` }, own];
}

const nameOf = (stem: string, { fingerprint }: VocabularyPart) => `${stem}-${fingerprint}.duckdb`;

async function firstWritable(places: readonly Place[], part: VocabularyPart): Promise<Place> {
  const faults: unknown[] = [];
  for (const place of places) {
    try {
      await tryToWrite(place.folder);
      return place;
    } catch (fault) {
      faults.push(fault);
    }
  }
  throw new OmopipeError(
    "VOCABULARY_INVALID",
    `${part.path} is loaded into a database once, and there is no place to write it: ` +
      `${faults.map(messageOf).join("; ")}. Name a folder for it with --vocabulary-cache DIR.`,
    { cause: faults[0] },
  );
}

async function tryToWrite(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const probe = join(folder, `omopipe-${randomUUID()}.unfinished`);
  await writeFile(probe, "", { flag: "wx" });
  await rm(probe, { force: true });
}

async function fill(
  warehouse: Warehouse,
  { files }: VocabularyPart,
  path: string,
  { signal, onTable }: LoadVocabularyOptions,
): Promise<void> {
  const database = identifier(basename(path));
  await warehouse.run(`attach ${literal(path)} as ${database}`);
  try {
    await warehouse.run(`${createVocabularyTables(database)}
      create table ${database}.refused_row (path varchar, line bigint, column_name varchar, reason varchar)`);
    for (const file of files) {
      onTable?.(file.table);
      await loadTable(warehouse, database, file, signal);
    }
    await warehouse.run(`checkpoint ${database}`, undefined, { signal });
  } finally {
    await warehouse.run(`detach ${database}`);
  }
}

/** A load that has not written for so long was killed. */
const abandonedAfterMilliseconds = 60 * 60 * 1000;

async function removeOutdated(folder: string, stem: string, current: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(`${stem}-`) && name !== current);
  for (const name of names) {
    const kind = /^-[0-9a-f]{16}(\.duckdb$|-.*\.unfinished)/.exec(name.slice(stem.length))?.[1];
    if (kind === undefined) continue;
    const status = await stat(join(folder, name)).catch(() => undefined);
    const inUse = kind !== ".duckdb" && status && Date.now() - status.mtimeMs < abandonedAfterMilliseconds;
    if (!inUse) await remove(join(folder, name));
  }
}

/** Removes a file and what DuckDB lays beside it; one that another program holds open (on Windows) stays. */
async function remove(path: string): Promise<void> {
  for (const file of [path, `${path}.wal`]) await rm(file, { force: true }).catch(() => {});
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
