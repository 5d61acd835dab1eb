import { createHash, randomUUID } from "node:crypto";
import { access, constants, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { OmopipeError } from "../pipeline/errors.ts";
import { createVocabularyTables } from "../warehouse/cdm-tables.ts";
import { identifier, literal } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { loadTable } from "./load-table.ts";
import type { VocabularyPart } from "./vocabulary-files.ts";

/** How a vocabulary is loaded. */
export interface LoadVocabularyOptions {
  /** The folder in which the databases are kept that vocabularies are loaded into. Default: beside the files themselves. */
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
  const folder = options.cache ?? part.folder;
  const stem = stemOf(part, options.cache);
  const name = `${stem}-${part.fingerprint}.duckdb`;
  const path = join(folder, name);
  if (await exists(path)) return { path, made: false };

  await mustBeWritable(folder, part);
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
  await removeOutdated(folder, stem, name);
  return { path, made: true };
}

/** What the names of a part's databases begin with. In a folder of their own they tell the places of the parts apart. */
function stemOf({ path, folder }: VocabularyPart, cache: string | undefined): string {
  if (cache === undefined) return path === folder ? "omopipe-vocabulary" : `omopipe-${basename(path)}`;
  return `omopipe-${basename(path)}-${createHash("sha256").update(path).digest("hex").slice(0, 8)}`;
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

async function mustBeWritable(folder: string, part: VocabularyPart): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (cause) {
    throw new OmopipeError(
      "VOCABULARY_INVALID",
      `${part.path} is loaded into a database once, and the folder ${folder} for that database cannot be written to. ` +
        "Name another one with --vocabulary-cache DIR.",
      { cause },
    );
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
