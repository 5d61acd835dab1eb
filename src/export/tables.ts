import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { OmopipeError } from "../pipeline/errors.ts";
import { cdmTableNames } from "../warehouse/cdm-tables.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";

/** A table to write: the name of its file and the relation it is read from. */
export interface ExportTable {
  readonly name: string;
  readonly relation: string;
}

const resultTables = ["risk_score"];

/**
 * The tables to export: those named, or else every CDM table and result table that has rows.
 * Throws USAGE for a name that is no such table.
 */
export async function exportTables(warehouse: Warehouse, names: readonly string[] | undefined): Promise<ExportTable[]> {
  const present = await warehouse.rows<{ schema_name: string; table_name: string }>(
    "select schema_name, table_name from duckdb_tables() where schema_name in ('cdm', 'results') and not internal",
  );
  const candidates = new Map<string, string>([
    ...cdmTableNames.map((name) => [name, `cdm.${name}`] as const),
    ...present
      .filter(({ schema_name, table_name }) => schema_name === "results" && resultTables.includes(table_name))
      .map(({ table_name }) => [table_name, `results.${table_name}`] as const),
  ]);
  const unknown = names?.find((name) => !candidates.has(name));
  if (unknown !== undefined) {
    throw new OmopipeError(
      "USAGE",
      `There is no table ${unknown} to export. There are: ${[...candidates.keys()].join(", ")}`,
    );
  }
  const wanted = names ?? [...candidates.keys()];
  const tables: ExportTable[] = [];
  for (const name of wanted) {
    const relation = candidates.get(name)!;
    if (names || (await warehouse.row(`select 1 from ${relation} limit 1`))) tables.push({ name, relation });
  }
  return tables;
}

/**
 * Writes one file a table into a folder: each under a temporary name first, so that nobody reads half a file. Files that
 * an earlier export left for tables that have no rows any more are removed.
 */
export async function writeTables(
  folder: string,
  ending: string,
  tables: readonly ExportTable[],
  write: (table: ExportTable, path: string) => Promise<void>,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const table of tables) {
    const path = join(folder, `${table.name}.${ending}`);
    const temporary = join(folder, `.${table.name}.${process.pid}.${ending}`);
    try {
      await write(table, temporary);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }
  const written = new Set(tables.map(({ name }) => `${name}.${ending}`));
  const ours = new Set([...cdmTableNames, ...resultTables].map((name) => `${name}.${ending}`));
  for (const file of await readdir(folder)) {
    if (ours.has(file) && !written.has(file)) await rm(join(folder, file));
  }
}
