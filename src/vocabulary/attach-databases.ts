import { messageOf, OmopipeError } from "../pipeline/errors.ts";
import { createVocabularyTables } from "../warehouse/cdm-tables.ts";
import { literal } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { vocabularyTables } from "./vocabulary-files.ts";

/** Rows of a vocabulary that were not taken. */
export interface RefusedVocabularyRows {
  /** The file; the folder where an earlier one has the rows too. */
  readonly path: string;
  readonly reason: string;
  readonly rows: number;
  /** The first of them; NULL where an earlier folder has them too. */
  readonly line: number | null;
  readonly column: string;
}

const partName = (part: number) => `vocabulary_part_${part + 1}`;

/**
 * Attaches vocabulary databases for reading, and one in memory, `vocabulary`, whose ten views show them as one. Of rows with one
 * key the first database's counts. Without any database the tables are there, and empty. What was attached before is detached;
 * when it is the same, nothing is done.
 */
export async function attachDatabases(warehouse: Warehouse, databases: readonly string[]): Promise<void> {
  const attached = await warehouse.rows<{ name: string; path: string | null }>(
    `select database_name as name, path from duckdb_databases()
     where regexp_full_match(database_name, 'vocabulary(_part_\\d+)?') order by length(name), name`,
  );
  const wanted = [null, ...databases];
  if (attached.length === wanted.length && attached.every(({ path }, i) => path === wanted[i])) return;
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

function createView(table: string, parts: number): string {
  const key = keyOf(table);
  const selects = Array.from({ length: parts }, (_, part) => {
    const earlier = key === undefined ? [] : namesBefore(part);
    const without = earlier.map((other) => `anti join ${other}.${table} using (${key})`);
    return [`from ${partName(part)}.${table}`, ...without].join(" ");
  });
  return `create view vocabulary.${table} as ${selects.join(" union all ")}`;
}

/** The rows that were refused when the databases were made, and those that an earlier database has too, by path. */
export async function refusedRows(warehouse: Warehouse, paths: readonly string[]): Promise<RefusedVocabularyRows[]> {
  const selects = paths.flatMap((path, part) => [
    `select path, reason, count(*) as rows, min(line) as line, column_name as "column"
     from ${partName(part)}.refused_row group by all`,
    ...vocabularyTables.flatMap(({ table }) => countRepeated(table, path, part)),
  ]);
  return await warehouse.rows(`${selects.join(" union all ")} order by path, "column", line, reason`);
}

function countRepeated(table: string, path: string, part: number): string[] {
  const key = keyOf(table);
  if (key === undefined || part === 0) return [];
  const earlier = namesBefore(part).map((other) => `select ${key} from ${other}.${table}`);
  return [
    `select ${literal(path)}, ${literal(`an earlier folder has the ${table} too`)}, count(*), null, ${literal(key)}
     from ${partName(part)}.${table} semi join (${earlier.join(" union all ")}) using (${key}) having count(*) > 0`,
  ];
}

const namesBefore = (part: number) => Array.from({ length: part }, (_, earlier) => partName(earlier));

const keyOf = (table: string) =>
  vocabularyTables.find((definition) => definition.table === table)?.columns.find(({ primaryKey }) => primaryKey)?.name;
