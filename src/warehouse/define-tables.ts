import { createHash } from "node:crypto";
import { DuckDBInstance, DuckDBListType, DuckDBStructType, type DuckDBType } from "@duckdb/node-api";
import { OmopipeError } from "../pipeline/errors.ts";
import { softwareVersion } from "../version.ts";
import { jsonStructure } from "./json-structure.ts";
import { identifier, literal, sqlText } from "./sql-text.ts";
import type { Warehouse } from "./warehouse.ts";

/** Tables that belong together, and how they are made. */
export interface TableDefinitions {
  /** What `meta.layout` calls them. */
  readonly part: string;
  /** `create table if not exists` and `create type if not exists` with names in lower case; also macros and views. */
  readonly sql: string;
  /** What becomes of the rows when the tables become others. */
  readonly rows: "kept" | "made anew";
}

interface Column {
  readonly name: string;
  readonly type: DuckDBType;
}

/**
 * Warehouses that held no table when the first ones were made in them: whatever is not in their layout is not there. To list
 * the tables takes longer than to make some.
 */
const emptyAtFirst = new WeakSet<Warehouse>();
const none: ReadonlySet<string> = new Set();

/**
 * Makes the tables that are not there yet, and brings those up to date that an earlier release made: they become what the
 * definitions say and take over all columns and members that both have, by name. To be called in a transaction; gives whether anything
 * was to be done. Costs a query when all is as it should be. Throws WAREHOUSE_INVALID when a later release made them.
 */
export async function defineTables(warehouse: Warehouse, definitions: TableDefinitions): Promise<boolean> {
  const hash = createHash("sha256").update(definitions.sql).digest("hex");
  const wasEmpty = emptyAtFirst.has(warehouse);
  const tables = wasEmpty ? none : await tablesOf(warehouse);
  if (tables.size === 0) emptyAtFirst.add(warehouse);
  const hasLayout = wasEmpty || tables.has("meta.layout");
  const known = hasLayout ? await layoutOf(warehouse, definitions.part) : undefined;
  if (known?.hash === hash) return false;
  if (known && isLater(known.software_version)) {
    throw new OmopipeError(
      "WAREHOUSE_INVALID",
      `${warehouse.path} was made by omopipe ${known.software_version}, and this is ${softwareVersion}, which does not know ` +
        `its tables. Use omopipe ${known.software_version} or later: npm install omopipe@latest`,
    );
  }
  await bringUpToDate(warehouse, definitions, known && wasEmpty ? await tablesOf(warehouse) : tables);
  if (known) await warehouse.run("delete from meta.layout where part = $1", [definitions.part]);
  await warehouse.run("insert into meta.layout values ($1, $2, $3)", [definitions.part, hash, softwareVersion]);
  return true;
}

async function layoutOf(warehouse: Warehouse, part: string) {
  return await warehouse.row<{ hash: string; software_version: string }>(
    "select hash, software_version from meta.layout where part = $1",
    [part],
  );
}

const isLater = (version: string) => version.localeCompare(softwareVersion, "en", { numeric: true }) > 0;

async function bringUpToDate(
  warehouse: Warehouse,
  { sql, rows }: TableDefinitions,
  tables: ReadonlySet<string>,
): Promise<void> {
  const before = namesIn(sql, "table").filter((name) => tables.has(name));
  if (rows === "made anew") for (const table of before) await warehouse.run(`drop table ${table}`);
  const others = rows === "kept" ? await definedOtherwise(warehouse, sql, before) : [];
  for (const { table } of others) {
    await warehouse.run(`alter table ${table} rename to ${identifier(earlierName(table))}`);
  }
  if (before.length > 0)
    for (const type of namesIn(sql, "type")) await warehouse.run(`drop type if exists ${type} cascade`);
  await warehouse.run(sql);
  for (const { table, takeOver } of others) await warehouse.run(`${takeOver}; drop table ${earlier(table)}`);
}

/** Of tables that are there those that are not as the definitions say, and how they take over what was in them. */
async function definedOtherwise(warehouse: Warehouse, sql: string, tables: readonly string[]) {
  if (tables.length === 0) return [];
  const wanted = await columnsOfDefinitions(sql, tables);
  const others = [];
  for (const table of tables) {
    const before = await warehouse.columns(table);
    const after = wanted.get(table)!;
    if (describe(before) !== describe(after)) others.push({ table, takeOver: takeOver(table, before, after) });
  }
  return others;
}

const namesIn = (sql: string, kind: "table" | "type"): string[] =>
  [...sql.matchAll(new RegExp(`^create ${kind} if not exists ([\\w."]+)`, "gm"))].map(([, name]) =>
    name!.replaceAll('"', ""),
  );

async function tablesOf(warehouse: Warehouse): Promise<ReadonlySet<string>> {
  const rows = await warehouse.rows<{ name: string }>(
    `select schema_name || '.' || table_name as name from duckdb_tables() where database_name = ${literal(warehouse.database)}`,
  );
  return new Set(rows.map(({ name }) => name));
}

/** Of tables as the definitions make them where there is none yet. */
async function columnsOfDefinitions(sql: string, tables: readonly string[]): Promise<Map<string, readonly Column[]>> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run(`${sqlText(import.meta.url, "schema.sql")}\n${sql}`);
    const columns = new Map<string, readonly Column[]>();
    for (const table of tables) {
      const result = await connection.run(`from ${table} limit 0`);
      columns.set(
        table,
        result.columnNames().map((name, i) => ({ name, type: result.columnType(i) })),
      );
    }
    return columns;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const describe = (columns: readonly Column[]) => JSON.stringify(columns.map(({ name, type }) => [name, String(type)]));

const earlierName = (table: string) => `${table.split(".")[1]} of an earlier release`;
const earlier = (table: string) => `${table.split(".")[0]}.${identifier(earlierName(table))}`;

function takeOver(table: string, before: readonly Column[], after: readonly Column[]): string {
  const kept = after.flatMap((column) => {
    const same = before.find(({ name }) => name === column.name);
    return same ? [`${converted(same, column.type)} as ${identifier(column.name)}`] : [];
  });
  return `insert into ${table} by name select ${kept.join(", ")} from ${earlier(table)}`;
}

/** As landing does with elements of wrong types: what does not fit is left out, and a text takes anything, as JSON. */
function converted({ name, type }: Column, wanted: DuckDBType): string {
  const column = identifier(name);
  if (String(type) === String(wanted)) return column;
  if (isNested(wanted)) {
    const json = isNested(type) ? `to_json(${column})` : `case when json_valid(${column}) then ${column}::json end`;
    return `json_transform(${json}, ${literal(JSON.stringify(jsonStructure(wanted)))})`;
  }
  return isNested(type) ? `to_json(${column})::varchar` : `try_cast(${column} as ${wanted})`;
}

const isNested = (type: DuckDBType) => type instanceof DuckDBStructType || type instanceof DuckDBListType;
