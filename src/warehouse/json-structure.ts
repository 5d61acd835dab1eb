import { DuckDBListType, DuckDBStructType, type DuckDBType } from "@duckdb/node-api";
import { identifier, literal } from "./sql-text.ts";

/** The structure that `json_transform` takes: type names, in objects for structs and one-element arrays for lists. */
export type JsonStructure = string | JsonStructure[] | { [key: string]: JsonStructure };

/** The columns of a JSON reader for an object of this structure: `{'id': 'VARCHAR', 'code': 'STRUCT("text" VARCHAR)'}`. */
export function columnTypes(structure: JsonStructure): string {
  const columns = Object.entries(structure).map(([name, member]) => `${literal(name)}: ${literal(typeName(member))}`);
  return `{${columns.join(", ")}}`;
}

function typeName(structure: JsonStructure): string {
  if (typeof structure === "string") return structure;
  if (Array.isArray(structure)) return `${typeName(structure[0]!)}[]`;
  const members = Object.entries(structure).map(([name, member]) => `${identifier(name)} ${typeName(member)}`);
  return `struct(${members.join(", ")})`;
}

/** The `json_transform` structure that reads JSON into a column of this type. */
export function jsonStructure(type: DuckDBType): JsonStructure {
  if (type instanceof DuckDBListType) return [jsonStructure(type.valueType)];
  if (type instanceof DuckDBStructType) {
    return Object.fromEntries(type.entryNames.map((name, i) => [name, jsonStructure(type.entryTypes[i]!)]));
  }
  return type.toString();
}
