import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Filled } from "../omop/map-to-omop.ts";
import { OmopipeError } from "../pipeline/errors.ts";
import type { Stage, StageContext } from "../pipeline/stage.ts";
import { cdmTableNames } from "../warehouse/cdm-tables.ts";
import { isRemote } from "../warehouse/places.ts";
import { literal } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { removeLeftovers } from "./leftovers.ts";
import { addressOf, openRemote } from "./remote.ts";

/** A table to write: the name of its file and the relation it is read from. */
export interface ExportTable {
  readonly name: string;
  readonly relation: string;
}

const resultTables = ["risk_score"];

/** What is exported. */
export interface ExportOptions {
  /** Names of tables, such as "person" or "risk_score". Default: all that have rows. */
  readonly tables?: readonly string[] | undefined;
  /**
   * Writes scores as one file an outcome: `risk_score_by_outcome.parquet/outcome_id=…/risk_score.parquet`, as
   * readers of partitions expect it.
   * Default false.
   */
  readonly byOutcome?: boolean | undefined;
}

/** Writes one table to a path. */
export type WriteTable = (table: ExportTable, path: string, context: StageContext<Warehouse>) => Promise<void>;

/**
 * A stage that writes one file a table into a folder, `<table>.<ending>`: each under a temporary name first, so that nobody
 * reads half a file. When all tables are written, files that an earlier export left for tables that have no rows any more
 * are removed. Throws USAGE for a name that is no table to export.
 */
export function exportStage(
  ending: string,
  folder: string,
  options: ExportOptions,
  write: WriteTable,
): Stage<Filled, void, Warehouse> {
  return {
    name: ending,
    async execute(_filled, context) {
      const tables = await exportTables(context.target, options.tables);
      const remote = isRemote(folder);
      if (remote) await openRemote(context.target, folder);
      else {
        await mkdir(folder, { recursive: true });
        const names = [...cdmTableNames, ...resultTables].join("|");
        await removeLeftovers(folder, new RegExp(`^\\.\\d+\\.(${names})\\.${ending}$`));
      }
      for (const [done, table] of tables.entries()) {
        const file = `${table.name}.${ending}`;
        const byOutcome = options.byOutcome && resultTables.includes(table.name);
        // An object of such a store is there when it is whole.
        if (remote && byOutcome) {
          for (const [part, one] of await outcomesOf(table, context)) {
            await write(one, addressOf(folder, `${table.name}_by_outcome.${ending}`, part, file), context);
          }
        } else if (remote) await write(table, addressOf(folder, file), context);
        else if (byOutcome) await writeByOutcome(folder, table, ending, context, write);
        else await replaceFile(folder, file, (path) => write(table, path, context));
        context.progress({ done: done + 1, total: tables.length, unit: "tables" });
      }
      if (options.tables === undefined && !remote) await removeOthers(folder, ending, tables);
    },
  };
}

/** The parts of a table by outcome, with the names of their folders. */
async function outcomesOf(
  { name, relation }: ExportTable,
  { target: warehouse }: StageContext<Warehouse>,
): Promise<[part: string, rows: ExportTable][]> {
  const outcomes = await warehouse.rows<{ id: string }>(
    `select distinct outcome_id as id from ${relation} order by id`,
  );
  return outcomes.map(({ id }) => [
    `outcome_id=${encodeURIComponent(id)}`,
    { name, relation: `(select * from ${relation} where outcome_id = ${literal(id)})` },
  ]);
}

/** The folder of the table is written under another name and then takes the place of the last one. */
async function writeByOutcome(
  folder: string,
  table: ExportTable,
  ending: string,
  context: StageContext<Warehouse>,
  write: WriteTable,
): Promise<void> {
  const { name } = table;
  const outcomes = await outcomesOf(table, context);
  const target = join(folder, `${name}_by_outcome.${ending}`);
  const temporary = join(folder, `.${process.pid}.${name}.${ending}`);
  try {
    for (const [part, one] of outcomes) {
      await mkdir(join(temporary, part), { recursive: true });
      await write(one, join(temporary, part, `${name}.${ending}`), context);
    }
    await rm(target, { recursive: true, force: true });
    if (outcomes.length > 0) await rename(temporary, target);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** The tables of these names; without names, all that have rows. Throws USAGE for a name that is no table to export. */
export async function exportTables(warehouse: Warehouse, names: readonly string[] | undefined): Promise<ExportTable[]> {
  const present = await warehouse.rows<{ table_name: string }>(
    "select table_name from duckdb_tables() where schema_name = 'results'",
  );
  const made = new Set(present.map(({ table_name }) => table_name));
  const candidates = new Map([
    ...cdmTableNames.map((name) => [name, `cdm.${name}`] as const),
    ...resultTables.filter((name) => made.has(name)).map((name) => [name, `results.${name}`] as const),
  ]);
  const unknown = names?.find((name) => !candidates.has(name));
  if (unknown !== undefined) {
    throw new OmopipeError(
      "USAGE",
      `There is no table ${unknown} to export. There are: ${[...candidates.keys()].join(", ")}`,
    );
  }
  const tables: ExportTable[] = [];
  for (const name of names ?? candidates.keys()) {
    const relation = candidates.get(name)!;
    if (names || (await warehouse.row(`select 1 from ${relation} limit 1`))) tables.push({ name, relation });
  }
  return tables;
}

async function replaceFile(folder: string, file: string, write: (path: string) => Promise<void>): Promise<void> {
  const temporary = join(folder, `.${process.pid}.${file}`);
  try {
    await write(temporary);
    await rename(temporary, join(folder, file));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function removeOthers(folder: string, ending: string, written: readonly ExportTable[]): Promise<void> {
  const kept = new Set(written.map(({ name }) => name));
  const others = [...cdmTableNames, ...resultTables].filter((name) => !kept.has(name));
  await Promise.all(others.map((name) => rm(join(folder, `${name}.${ending}`), { force: true })));
}
