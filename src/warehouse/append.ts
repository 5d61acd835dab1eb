import { DuckDBListType, DuckDBStructType, type DuckDBType } from "@duckdb/node-api";
import { messageOf, OmopipeError } from "../pipeline/errors.ts";
import type { Batch } from "../pipeline/stage.ts";
import { type JsonStructure, jsonStructure } from "./json-structure.ts";
import { literal } from "./sql-text.ts";
import type { Warehouse } from "./warehouse.ts";

/** Appends rows, given as objects, to a table: they cross over to DuckDB as one JSON text. */
export async function appendRows(
  warehouse: Pick<Warehouse, "columns" | "run">,
  table: string,
  rows: Batch<object>,
): Promise<void> {
  if (rows.length === 0) return;
  const columns = await warehouse.columns(table);
  const structure = Object.fromEntries(columns.map(({ name, type }) => [name, textOrNested(type)]));
  try {
    await warehouse.run(
      `insert into ${table} by name
       select unnest(json_transform(item, ${literal(JSON.stringify(structure))}))
       from (select unnest($1::json::json[]) as item)`,
      [JSON.stringify(rows, asText)],
    );
  } catch (error) {
    const reason = messageOf(error).replace(/\n.*/s, "");
    throw new OmopipeError("QUERY_FAILED", `The rows do not fit into ${table}, none was appended: ${reason}`, {
      cause: error,
    });
  }
}

/** Read as text, a value is cast when it is inserted, and one that does not fit is an error; read as its type, a NULL. */
function textOrNested(type: DuckDBType): JsonStructure {
  return type instanceof DuckDBListType || type instanceof DuckDBStructType ? jsonStructure(type) : "VARCHAR";
}

/** JSON has no bigint, NaN or Infinity; as text they keep their value. */
function asText(_member: string, value: unknown): unknown {
  if (typeof value === "bigint" || (typeof value === "number" && !Number.isFinite(value))) return String(value);
  return value;
}
