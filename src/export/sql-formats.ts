import type { Filled } from "../omop/map-to-omop.ts";
import type { Stage } from "../pipeline/stage.ts";
import { literal } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { exportTables, writeTables } from "./tables.ts";

export interface ExportOptions {
  /** Names of tables, such as "person" or "risk_score". Default: all that have rows. */
  readonly tables?: readonly string[] | undefined;
}

/**
 * Writes one Parquet file a table (`person.parquet`), by DuckDB itself. About as fast as the disk.
 *
 * @example
 * await pipeline(mappedWarehouse(), parquet("out/")).run(warehouse);
 */
export function parquet(folder: string, options: ExportOptions = {}): Stage<Filled, void, Warehouse> {
  return copyTo("parquet", folder, "format parquet, compression zstd", options);
}

/**
 * Writes one CSV file a table (`person.csv`): UTF-8, comma, header row, NULL as the empty field.
 *
 * @example
 * await pipeline(mappedWarehouse(), csv("out/", { tables: ["person", "risk_score"] })).run(warehouse);
 */
export function csv(folder: string, options: ExportOptions = {}): Stage<Filled, void, Warehouse> {
  return copyTo("csv", folder, "format csv, header", options);
}

function copyTo(
  ending: string,
  folder: string,
  format: string,
  options: ExportOptions,
): Stage<Filled, void, Warehouse> {
  return {
    name: ending,
    async execute(_filled, { target: warehouse, signal, progress }) {
      const tables = await exportTables(warehouse, options.tables);
      let done = 0;
      await writeTables(folder, ending, tables, async ({ relation }, path) => {
        await warehouse.run(`copy (from ${relation}) to ${literal(path)} (${format})`, undefined, { signal });
        progress({ done: ++done, total: tables.length, unit: "tables" });
      });
    },
  };
}
