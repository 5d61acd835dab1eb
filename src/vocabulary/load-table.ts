import { type CdmColumn, cdmTables } from "../../schemas/cdm.ts";
import { messageOf, OmopipeError } from "../pipeline/errors.ts";
import { identifier, literal } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { expectation, isBroken, valueSql } from "./column-sql.ts";
import { openTableFile, rowsOf, type TableFile } from "./table-file.ts";
import type { VocabularyFile } from "./vocabulary-files.ts";

/**
 * Loads a file into its table of a vocabulary database. Every row is loaded, or stands in `refused_row` with its line and the
 * reason: a value of an optional column that cannot be read, a concept that is there twice, word for word. A line that is no
 * row, and a value of a required column that cannot be read, fail the load.
 *
 * Throws VOCABULARY_INVALID with file, line, column and reason.
 */
export async function loadTable(
  warehouse: Warehouse,
  database: string,
  { path, table }: VocabularyFile,
  signal: AbortSignal | undefined,
): Promise<void> {
  const run = (sql: string) => warehouse.run(sql, undefined, { signal });
  const definition = cdmTables.find((candidate) => candidate.table === table)!;
  const into = `${database}.${table}`;
  const refused = `${database}.refused_row`;
  try {
    const file = await openTableFile(warehouse, path, definition, signal);
    const doubtful = file.columns.filter((column) => !column.required && expectation(column, file.dates) !== undefined);
    try {
      await run(insertRows(database, table, file, doubtful));
      await throwWhereRejected(warehouse);
    } catch (error) {
      signal?.throwIfAborted();
      await throwWhereBroken(warehouse, file, signal);
      throw error;
    }
    if (doubtful.length > 0) await run(insertRefused(refused, file, doubtful));
    if (table === "concept") await dropRepeated(warehouse, into, refused, file);
  } catch (cause) {
    signal?.throwIfAborted();
    const message = `${path} could not be loaded as ${table}: ${messageOf(cause)}`;
    throw new OmopipeError("VOCABULARY_INVALID", message, { cause });
  } finally {
    await warehouse.run("drop table if exists vocabulary_reject; drop table if exists vocabulary_reject_scan");
  }
}

function insertRows(database: string, table: string, file: TableFile, doubtful: readonly CdmColumn[]): string {
  const values = file.columns.map((column) => `${valueSql(column, file.dates)} as ${identifier(column.name)}`);
  const sound = doubtful.map((column) => `not ${isBroken(column, file.dates)}`);
  const rejects =
    "store_rejects => true, rejects_table => 'vocabulary_reject', rejects_scan => 'vocabulary_reject_scan'";
  const order = keys[table];
  return `insert into ${database}.${table} by name
    select ${values.join(", ")} from ${rowsOf(file, rejects)} where ${["true", ...sound].join(" and ")}
    ${order === undefined ? "" : `order by ${order.join(", ")}`}`;
}

/** What the rows of large tables are looked up by. Stored in this order, most of a table need not be read to find a few. */
const keys: Readonly<Record<string, readonly string[]>> = {
  concept: ["vocabulary_id", "concept_code"],
  concept_relationship: ["concept_id_1"],
  concept_ancestor: ["descendant_concept_id"],
  concept_synonym: ["concept_id"],
  drug_strength: ["drug_concept_id"],
};

/** Lines that are no rows. */
async function throwWhereRejected(warehouse: Warehouse): Promise<void> {
  const rejected = await warehouse.row<{ line: number; error: string }>(
    "select line, error_type::varchar as error from vocabulary_reject order by line limit 1",
  );
  if (rejected) throw new Error(`line ${rejected.line} ${rejectReasons[rejected.error] ?? "could not be read"}`);
}

/** What DuckDB's reader says of a line. */
const rejectReasons: Readonly<Record<string, string>> = {
  "MISSING COLUMNS": "has fewer columns than the first line",
  "TOO MANY COLUMNS": "has more columns than the first line",
  "UNQUOTED VALUE": "has a quote that is not closed, or text behind the one that closes",
  "INVALID ENCODING": "is not UTF-8 text",
  "LINE SIZE OVER MAXIMUM": "is longer than 2 MB",
};

/** The first value of a required column that cannot be read. */
async function throwWhereBroken(warehouse: Warehouse, file: TableFile, signal: AbortSignal | undefined): Promise<void> {
  const required = file.columns.filter((column) => column.required);
  const broken = await warehouse.row<{ line: number; name: string; value: string | null; expected: string }>(
    `${brokenValues(file, required)} order by line limit 1`,
    undefined,
    { signal },
  );
  if (!broken) return;
  const { line, name, value, expected } = broken;
  const found = value === null ? "nothing" : `"${value.slice(0, 40)}"`;
  throw new Error(`line ${line}, column ${name}: ${found} is not ${expected}`);
}

function insertRefused(refused: string, file: TableFile, doubtful: readonly CdmColumn[]): string {
  return `insert into ${refused}
    select ${literal(file.path)}, line, name, 'the value is not ' || expected from (${brokenValues(file, doubtful)})`;
}

/** The lines in which one of these columns is broken, each with the first of them. */
function brokenValues(file: TableFile, columns: readonly CdmColumn[]): string {
  const broken = columns.map((column) => {
    const found = { name: literal(column.name), value: identifier(column.name) };
    const expected = literal(expectation(column, file.dates) ?? "text");
    return `when ${isBroken(column, file.dates)}
      then {'name': ${found.name}, 'value': ${found.value}, 'expected': ${expected}}`;
  });
  return `select line, unnest(broken) from (
    select row_number() over () + 1 as line, case ${broken.join(" ")} end as broken
    from ${rowsOf(file, "ignore_errors => true")}
  ) where broken is not null`;
}

/** Concepts that are there several times, word for word, are kept once. */
async function dropRepeated(warehouse: Warehouse, into: string, refused: string, file: TableFile): Promise<void> {
  const repeated = await warehouse.rows<{ id: number; rows: number; distinct_rows: number }>(
    `select concept_id as id, count(*) as rows, count(distinct concept) as distinct_rows
     from ${into} as concept
     where concept_id in (select concept_id from ${into} group by concept_id having count(*) > 1)
     group by concept_id order by concept_id`,
  );
  const differing = repeated.find(({ distinct_rows }) => distinct_rows > 1);
  if (differing) throw new Error(`concept ${differing.id} is there ${differing.rows} times, with different values`);
  if (repeated.length === 0) return;
  const ids = repeated.map(({ id }) => id).join(", ");
  await warehouse.run(
    `delete from ${into} where rowid in (
       select rowid from ${into} where concept_id in (${ids}) qualify row_number() over (partition by concept_id) > 1
     );
     insert into ${refused}
     select ${literal(file.path)}, line, 'concept_id', 'the concept is there twice'
     from (select row_number() over () + 1 as line, concept_id from ${rowsOf(file, "ignore_errors => true")})
     where try_cast(concept_id as bigint) in (${ids})
     qualify row_number() over (partition by try_cast(concept_id as bigint) order by line) > 1`,
  );
}
