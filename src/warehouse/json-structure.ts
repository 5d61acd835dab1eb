import { DuckDBListType, DuckDBStructType, type DuckDBType } from "@duckdb/node-api";

/** The structure that `json_transform` takes: type names, in objects for structs and one-element arrays for lists. */
export type JsonStructure = string | JsonStructure[] | { [key: string]: JsonStructure };

/** The `json_transform` structure that reads JSON into a column of this type. */
export function jsonStructure(type: DuckDBType): JsonStructure {
  if (type instanceof DuckDBListType) return [jsonStructure(type.valueType)];
  if (type instanceof DuckDBStructType) {
    return Object.fromEntries(type.entryNames.map((name, i) => [name, jsonStructure(type.entryTypes[i]!)]));
  }
  return type.toString();
}
