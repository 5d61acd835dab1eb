import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Filled } from "../omop/map-to-omop.ts";
import { OmopipeError } from "../pipeline/errors.ts";
import type { Stage, StageContext } from "../pipeline/stage.ts";
import { isRemote } from "../warehouse/places.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { removeLeftovers } from "./leftovers.ts";
import { addressOf, openRemote } from "./remote.ts";
import { copyParquet } from "./sql-formats.ts";
import { type ExportOptions, type ExportTable, exportTables } from "./tables.ts";

/** What is exported, and under which name. */
export interface ParquetLoadsOptions extends ExportOptions {
  /** The name of the load: letters, digits, `.`, `_` and `-`. Default: when the run began, in UTC: "2026-01-31T020000Z". */
  readonly load?: string | undefined;
}

/**
 * Writes the tables of each run beside those of the runs before: `<folder>/load=<name>/person.parquet`, a partition that DuckDB, Arrow and
 * Spark know by its name. A load is written under a hidden name and renamed when it is whole, so that nobody reads half of one;
 * one of the same name is replaced. A load holds all rows, not only those that are new, so each takes as much space as the
 * first. The folder may also be an address, as in `parquet`; there a load grows file by file. Throws USAGE for a name that cannot be one.
 *
 * @example
 * await pipeline(mappedWarehouse(), parquetLoads("lake/", { load: "2026-01-31" })).run(warehouse);
 */
export function parquetLoads(folder: string, options: ParquetLoadsOptions = {}): Stage<Filled, void, Warehouse> {
  return {
    name: "parquetLoads",
    async execute(_filled, context) {
      const load = options.load ?? (await beginningOf(context));
      if (!/^\w[\w.-]*$/.test(load)) {
        throw new OmopipeError(
          "USAGE",
          `A load cannot be called "${load}": letters, digits, ".", "_" and "-" make its name.`,
        );
      }
      const tables = await exportTables(context.target, options.tables);
      if (isRemote(folder)) return await writeRemote(folder, load, tables, context);
      const unfinished = join(folder, `.${process.pid}.load=${load}`);
      try {
        await mkdir(unfinished, { recursive: true });
        await putBack(folder);
        await removeLeftovers(folder, /^\.\d+\.(load|replaced)=/);
        for (const [done, table] of tables.entries()) {
          await copyParquet(table, join(unfinished, `${table.name}.parquet`), context);
          context.progress({ done: done + 1, total: tables.length, unit: "tables" });
        }
        await replaceFolder(unfinished, join(folder, `load=${load}`), join(folder, `.${process.pid}.replaced=${load}`));
      } catch (error) {
        await rm(unfinished, { recursive: true, force: true });
        throw error;
      }
    },
  };
}

/** What has been written to a store cannot be renamed: the load grows file by file. */
async function writeRemote(
  place: string,
  load: string,
  tables: readonly ExportTable[],
  context: StageContext<Warehouse>,
): Promise<void> {
  await openRemote(context.target, place);
  for (const [done, table] of tables.entries()) {
    await copyParquet(table, addressOf(place, `load=${load}`, `${table.name}.parquet`), context);
    context.progress({ done: done + 1, total: tables.length, unit: "tables" });
  }
}

async function beginningOf({ target: warehouse, runId }: StageContext<Warehouse>): Promise<string> {
  const run = await warehouse.row<{ load: string }>(
    "select strftime(started_at, '%Y-%m-%dT%H%M%SZ') as load from meta.run where run_id = $1",
    [runId],
  );
  return run?.load ?? new Date().toISOString().replace(/:|\.\d+/g, "");
}

/** No system replaces a folder that is not empty at one stroke: between two renames there is none, but never half of one. */
async function replaceFolder(from: string, to: string, aside: string): Promise<void> {
  const replaced = await rename(to, aside).then(
    () => true,
    () => false,
  );
  await rename(from, to);
  if (replaced) await rm(aside, { recursive: true });
}

/** A run that was killed between the two renames has left its load under the name aside. */
async function putBack(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const load = /^\.\d+\.replaced=(.+)$/.exec(name)?.[1];
    // It fails where the load is there: then the run was killed after both.
    if (load !== undefined) await rename(join(folder, name), join(folder, `load=${load}`)).catch(() => {});
  }
}
