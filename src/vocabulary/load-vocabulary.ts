import { resolve } from "node:path";
import { messageOf, OmopipeError } from "../pipeline/errors.ts";
import { createVocabularyTables } from "../warehouse/cdm-tables.ts";
import { literal } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { type LoadVocabularyOptions, openVocabularyDatabase } from "./vocabulary-database.ts";
import { findVocabulary, vocabularyTables } from "./vocabulary-files.ts";

/** Rows of a vocabulary that were not taken. */
export interface RefusedVocabularyRows {
  /** The file; for concepts that an earlier folder has, the folder. */
  readonly path: string;
  readonly reason: string;
  readonly rows: number;
  /** The first of them, where they are rows of one file. */
  readonly line: number | null;
  readonly column: string;
}

/** What was loaded: rows by vocabulary table, and the release the download names. */
export interface LoadedVocabulary {
  readonly version: string;
  readonly rows: Readonly<Record<string, number>>;
  /** All rows that were read are in `rows` or here. */
  readonly refused: readonly RefusedVocabularyRows[];
  /** False when all files had been loaded before, for this warehouse or another, and nothing was done. */
  readonly loaded: boolean;
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
 * Each folder is loaded once, into a DuckDB file beside its files that all warehouses share, and again when a file changes.
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
  const databases = [];
  for (const part of parts) databases.push(await openVocabularyDatabase(warehouse, part, options));
  await attach(
    warehouse,
    databases.map(({ path }) => path),
  );
  await remember(warehouse, { paths: parts.map(({ path }) => path), cache: options.cache && resolve(options.cache) });
  const { version, rows } = await describe(warehouse);
  const names = parts.map(({ path }) => path);
  return { version, rows, refused: await refusedRows(warehouse, names), loaded: databases.some(({ made }) => made) };
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
  await attach(warehouse, []);
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

const partName = (part: number) => `vocabulary_part_${part + 1}`;

/** Attaches the databases, and one in memory that shows all of them as one. */
async function attach(warehouse: Warehouse, databases: readonly string[]): Promise<void> {
  const attached = await warehouse.rows<{ name: string }>(
    "select database_name as name from duckdb_databases() where regexp_full_match(database_name, 'vocabulary(_part_\\d+)?')",
  );
  for (const { name } of attached) await warehouse.run(`detach ${name}`);
  for (const [part, path] of databases.entries()) {
    await warehouse.run(`attach ${literal(path)} as ${partName(part)} (read_only)`).catch((cause) => {
      throw new OmopipeError(
        "VOCABULARY_INVALID",
        `The vocabulary database ${path} cannot be opened: ${messageOf(cause)}. Delete it; it is then made again.`,
        { cause },
      );
    });
  }
  await warehouse.run("attach ':memory:' as vocabulary");
  if (databases.length === 0) await warehouse.run(createVocabularyTables("vocabulary"));
  else await warehouse.run(vocabularyTables.map(({ table }) => createView(table, databases.length)).join(";\n"));
}

/** The rows of all parts; of rows that stand for the same thing the first. */
function createView(table: string, parts: number): string {
  const key = keyOf(table);
  const selects = Array.from({ length: parts }, (_, part) => {
    const before = Array.from({ length: key === undefined ? 0 : part }, (_, i) => partName(i));
    return [`from ${partName(part)}.${table}`, ...before.map((other) => `anti join ${other}.${table} using (${key})`)];
  });
  return `create view vocabulary.${table} as ${selects.map((lines) => lines.join(" ")).join(" union all ")}`;
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

/** What is kept in `refused_row`, and the rows that an earlier part has too. */
async function refusedRows(warehouse: Warehouse, paths: readonly string[]): Promise<RefusedVocabularyRows[]> {
  const selects = paths.flatMap((path, part) => [
    `select path, reason, count(*) as rows, min(line) as line, column_name as "column"
     from ${partName(part)}.refused_row group by all`,
    ...vocabularyTables.flatMap(({ table }) => (part === 0 ? [] : countRepeated(table, path, part))),
  ]);
  return await warehouse.rows(selects.join(" union all "));
}

function countRepeated(table: string, path: string, part: number): string[] {
  const key = keyOf(table);
  if (key === undefined) return [];
  const earlier = Array.from({ length: part }, (_, i) => `select ${key} from ${partName(i)}.${table}`);
  return [
    `select ${literal(path)}, ${literal(`an earlier folder has the ${table} too`)}, count(*), null, ${literal(key)}
     from ${partName(part)}.${table} semi join (${earlier.join(" union all ")}) using (${key}) having count(*) > 0`,
  ];
}

const keyOf = (table: string) =>
  vocabularyTables.find((definition) => definition.table === table)!.columns.find(({ primaryKey }) => primaryKey)?.name;
