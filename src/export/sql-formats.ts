import type { Filled } from "../omop/map-to-omop.ts";
import type { Stage } from "../pipeline/stage.ts";
import { literal } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { type ExportOptions, exportStage, type WriteTable } from "./tables.ts";

export type { ExportOptions };

/**
 * Writes one Parquet file a table (`person.parquet`), by DuckDB itself. About as fast as the disk. The folder may also be an address
 * (`s3://bucket/cdm`), to which DuckDB writes by its extension httpfs; what stands in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
 * AWS_SESSION_TOKEN, AWS_REGION and AWS_ENDPOINT_URL_S3 is used. Files there of tables that have no rows any more stay.
 *
 * @example
 * await pipeline(mappedWarehouse(), parquet("out/")).run(warehouse);
 */
export function parquet(folder: string, options: ExportOptions = {}): Stage<Filled, void, Warehouse> {
  return exportStage("parquet", folder, options, copyParquet);
}

/** Writes one table to a Parquet file. */
export const copyParquet: WriteTable = copyAs("format parquet, compression zstd");

/**
 * Writes one CSV file a table (`person.csv`): UTF-8, comma, header row, NULL as the empty field. To folders and addresses, as
 * `parquet` does.
 *
 * @example
 * await pipeline(mappedWarehouse(), csv("out/", { tables: ["person", "risk_score"] })).run(warehouse);
 */
export function csv(folder: string, options: ExportOptions = {}): Stage<Filled, void, Warehouse> {
  return exportStage("csv", folder, options, copyAs("format csv, header"));
}

function copyAs(format: string): WriteTable {
  return async ({ relation }, path, { target: warehouse, signal }) => {
    await warehouse.run(`copy (from ${relation}) to ${literal(path)} (${format})`, undefined, { signal });
  };
}
