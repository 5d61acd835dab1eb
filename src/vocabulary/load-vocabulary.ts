import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type CdmColumn, cdmTables } from "../../schemas/cdm.ts";
import { messageOf, OmopipeError } from "../pipeline/errors.ts";
import { identifier, pathLiteral } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";

/** What was loaded: rows by vocabulary table, and the release the download names. */
export interface LoadedVocabulary {
  readonly version: string;
  readonly rows: Readonly<Record<string, number>>;
  /** False when the same files had been loaded before and nothing was done. */
  readonly loaded: boolean;
}

/** How a vocabulary is loaded. */
export interface LoadVocabularyOptions {
  /** Stops the loading; the vocabulary that was there before then stays. */
  readonly signal?: AbortSignal | undefined;
  /** Told the name of each table before it is loaded. */
  readonly onTable?: ((table: string) => void) | undefined;
}

const tables = cdmTables.filter((table) => table.group === "vocabulary");
const required = new Set(["concept", "concept_relationship"]);

/**
 * Loads an Athena download into schema `vocab`: tab-separated files named after their tables (`CONCEPT.csv`, also
 * `.csv.gz`), without quoting, dates as `yyyymmdd` or `yyyy-mm-dd`. A literal `NA` stays text. CONCEPT and
 * CONCEPT_RELATIONSHIP must be there; the others may be missing. Files that were loaded before are not loaded again.
 *
 * Throws VOCABULARY_MISSING when the folder is no Athena download, VOCABULARY_INVALID when a file cannot be read;
 * the vocabulary that was there before then stays.
 *
 * @example
 * const { version, rows } = await loadVocabulary(warehouse, "athena/");
 */
export async function loadVocabulary(
  warehouse: Warehouse,
  folder: string,
  { signal, onTable }: LoadVocabularyOptions = {},
): Promise<LoadedVocabulary> {
  const files = await vocabularyFiles(folder);
  const fingerprint = JSON.stringify([...files.values()]);
  const before = await warehouse.row<{ value: string }>(
    "select value from meta.setting where name = 'vocabulary_files'",
  );
  if (before?.value === fingerprint) return { ...(await describe(warehouse)), loaded: false };

  await warehouse.transaction(async () => {
    for (const { table, columns } of tables) {
      await warehouse.run(`delete from vocab.${table}`);
      const file = files.get(table);
      if (!file) continue;
      onTable?.(table);
      await loadTable(warehouse, table, columns, file.path, signal);
    }
    await warehouse.run("delete from meta.setting where name = 'vocabulary_files'");
    await warehouse.run("insert into meta.setting values ('vocabulary_files', $1)", [fingerprint]);
  });
  return { ...(await describe(warehouse)), loaded: true };
}

/** The release of the loaded vocabulary, as Athena names it in the row `None` of VOCABULARY; empty when none is loaded. */
export async function vocabularyVersion(warehouse: Warehouse): Promise<string> {
  const row = await warehouse.row<{ version: string | null }>(
    "select vocabulary_version as version from vocab.vocabulary where vocabulary_id = 'None'",
  );
  return row?.version ?? "";
}

/** How to get a vocabulary, for messages. */
export const howToGetVocabulary =
  "Download one from Athena (athena.ohdsi.org: log in, choose at least SNOMED, LOINC, RxNorm, CVX, UCUM and the ICD " +
  "vocabularies, unpack the ZIP) and name the unpacked folder with --vocabulary DIR";

/** Throws VOCABULARY_MISSING when a folder is no Athena download: a look before long work that will need it. */
export async function checkVocabularyFolder(folder: string): Promise<void> {
  await vocabularyFiles(folder);
}

async function vocabularyFiles(folder: string): Promise<Map<string, { path: string; bytes: number; changed: number }>> {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    const fault = cause.code === "ENOENT" ? "does not exist" : `cannot be read as a folder: ${messageOf(cause)}`;
    throw new OmopipeError("VOCABULARY_MISSING", `The vocabulary folder ${folder} ${fault}. ${howToGetVocabulary}.`, {
      cause,
    });
  });
  const files = new Map<string, { path: string; bytes: number; changed: number }>();
  for (const { table } of tables) {
    const name = names.find((candidate) => new RegExp(`^${table}\\.(csv|tsv|txt)(\\.gz)?$`, "i").test(candidate));
    if (!name) continue;
    const path = resolve(join(folder, name));
    const { size, mtimeMs } = await stat(path);
    files.set(table, { path, bytes: size, changed: mtimeMs });
  }
  const missing = [...required].filter((table) => !files.has(table)).map((table) => `${table.toUpperCase()}.csv`);
  if (missing.length > 0) {
    throw new OmopipeError(
      "VOCABULARY_MISSING",
      `${folder} is no Athena download: ${missing.join(" and ")} missing. ${howToGetVocabulary}.`,
    );
  }
  return files;
}

async function loadTable(
  warehouse: Warehouse,
  table: string,
  columns: readonly CdmColumn[],
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const file = `read_csv(${pathLiteral(path)}, delim = '\\t', quote = '', escape = '', header = true, all_varchar = true,
    nullstr = '', strict_mode = false, max_line_size = 10000000)`;
  try {
    const present = new Set((await warehouse.columns(file)).map(({ name }) => name.toLowerCase()));
    const missing = columns.filter((column) => column.required && !present.has(column.name));
    if (missing.length > 0) throw new Error(`column ${missing.map(({ name }) => name).join(", ")} is missing`);
    const values = columns.filter(({ name }) => present.has(name));
    await warehouse.run(
      `insert into vocab.${table} by name select ${values.map(readColumn).join(", ")} from ${file}`,
      undefined,
      { signal },
    );
  } catch (error) {
    signal?.throwIfAborted();
    throw new OmopipeError("VOCABULARY_INVALID", `${path} could not be loaded as ${table}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function readColumn({ name, type, required }: CdmColumn): string {
  const column = identifier(name);
  switch (type) {
    case "date":
      return `coalesce(try_strptime(${column}, '%Y%m%d')::date, ${column}::date) as ${column}`;
    case "integer":
      return `${column}::bigint as ${column}`;
    case "numeric":
      return `${column}::double as ${column}`;
    default:
      // An empty text is NULL in an optional column; a required one (an empty concept name) keeps it.
      return required ? `coalesce(${column}, '') as ${column}` : column;
  }
}

async function describe(warehouse: Warehouse): Promise<Omit<LoadedVocabulary, "loaded">> {
  const counts = tables.map(({ table }) => `select '${table}' as name, count(*) as rows from vocab.${table}`);
  const rows = await warehouse.rows<{ name: string; rows: number }>(counts.join(" union all "));
  return {
    version: await vocabularyVersion(warehouse),
    rows: Object.fromEntries(rows.map(({ name, rows: count }) => [name, count])),
  };
}
