import { resolve } from "node:path";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { attachDatabases, type RefusedVocabularyRows, refusedRows } from "./attach-databases.ts";
import { type LoadVocabularyOptions, openVocabularyDatabase } from "./vocabulary-database.ts";
import { findVocabulary, vocabularyTables } from "./vocabulary-files.ts";

/** What was loaded: rows by vocabulary table, and the release the download names. */
export interface LoadedVocabulary {
  readonly version: string;
  readonly rows: Readonly<Record<string, number>>;
  /** All rows that were read are in `rows` or here. */
  readonly refused: readonly RefusedVocabularyRows[];
  /** False when all files had been loaded before, for this warehouse or another, and nothing was done. */
  readonly loaded: boolean;
  /** The DuckDB files that hold it, one a folder or file. Each may be deleted, and is then made again when it is next needed. */
  readonly databases: readonly string[];
}

/**
 * Loads a vocabulary and attaches it to a warehouse, where its ten tables are then `vocabulary.concept` and so on, for reading,
 * until the warehouse is closed. The warehouse remembers where it is, and mapping finds it again.
 *
 * A vocabulary is the folder of an Athena download, or several folders and files: a download, and what is one's own (local
 * concepts with ids from 2,000,000,000, rules in SOURCE_TO_CONCEPT_MAP.csv). Where two have the same concept, the first counts.
 * CONCEPT and CONCEPT_RELATIONSHIP must be among them. Each file may be tab- or comma-separated, quoted or not, plain or gzip,
 * with its columns in any order; dates may be `yyyymmdd`, `yyyy-mm-dd`, with slashes, or days of a spreadsheet. A literal `NA`
 * stays text where text can stand.
 *
 * Each folder is loaded once, into a DuckDB file that all warehouses share, and again when a file changes. It lies beside the
 * files, or in the user's folder for caches where nothing can be written there.
 *
 * Throws VOCABULARY_MISSING when there is nothing to load, VOCABULARY_INVALID (with file, line, column and reason) when a file
 * cannot be read; the vocabulary that was attached before then stays.
 *
 * @example
 * const { version, rows } = await loadVocabulary(warehouse, ["athena/", "local/"]);
 */
export async function loadVocabulary(
  warehouse: Warehouse,
  paths: string | readonly string[],
  options: LoadVocabularyOptions = {},
): Promise<LoadedVocabulary> {
  const parts = await findVocabulary([paths].flat());
  const opened = [];
  for (const part of parts) opened.push(await openVocabularyDatabase(warehouse, part, options));
  const databases = opened.map(({ path }) => path);
  await attachDatabases(warehouse, databases);
  await remember(warehouse, { paths: parts.map(({ path }) => path), cache: options.cache && resolve(options.cache) });
  const { version, rows } = await describe(warehouse);
  const refused = await refusedRows(
    warehouse,
    parts.map(({ path }) => path),
  );
  return { version, rows, refused, loaded: opened.some(({ made }) => made), databases };
}

/** Where a vocabulary is. */
export interface VocabularyPlace {
  readonly paths: readonly string[];
  readonly cache?: string | undefined;
}

/** The vocabulary that the warehouse was loaded with last; undefined when there was none. */
export async function rememberedVocabulary(warehouse: Pick<Warehouse, "row">): Promise<VocabularyPlace | undefined> {
  const setting = await warehouse.row<{ value: string }>("select value from meta.setting where name = 'vocabulary'");
  return setting && JSON.parse(setting.value);
}

/** Attaches a vocabulary without any rows. */
export async function attachNoVocabulary(warehouse: Warehouse): Promise<void> {
  await attachDatabases(warehouse, []);
}

/**
 * The release of the vocabulary that the warehouse was mapped with, as Athena names it in the row `None` of VOCABULARY; empty
 * when there was none.
 */
export async function vocabularyVersion(warehouse: Pick<Warehouse, "row">, schema = "vocab"): Promise<string> {
  const row = await warehouse.row<{ version: string | null }>(
    `select vocabulary_version as version from ${schema}.vocabulary where vocabulary_id = 'None'`,
  );
  return row?.version ?? "";
}

async function remember(warehouse: Warehouse, place: VocabularyPlace): Promise<void> {
  await warehouse.transaction(async () => {
    await warehouse.run("delete from meta.setting where name = 'vocabulary'");
    await warehouse.run("insert into meta.setting values ('vocabulary', $1)", [JSON.stringify(place)]);
  });
}

async function describe(warehouse: Warehouse): Promise<Pick<LoadedVocabulary, "version" | "rows">> {
  const counts = vocabularyTables.map(
    ({ table }) => `select '${table}' as name, count(*) as rows from vocabulary.${table}`,
  );
  const rows = await warehouse.rows<{ name: string; rows: number }>(counts.join(" union all "));
  return {
    version: await vocabularyVersion(warehouse, "vocabulary"),
    rows: Object.fromEntries(rows.map(({ name, rows: count }) => [name, count])),
  };
}
