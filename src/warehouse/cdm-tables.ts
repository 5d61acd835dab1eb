import { type CdmTable, cdmTables } from "../../schemas/cdm.ts";
import { identifier, literal } from "./sql-text.ts";
import type { Warehouse } from "./warehouse.ts";

const schemaOfGroup = { cdm: "cdm", vocabulary: "vocab", results: "results" } as const;

/**
 * `create table` statements for every table of OMOP CDM 5.4. Clinical tables go to schema `cdm`, vocabulary tables to
 * `vocab`, cohorts to `results`; the latter two are also visible in `cdm` as views, so that all 39 names answer there.
 *
 * Two departures from the published DDL, both for correctness: whole numbers are BIGINT (ids go beyond 32 bits) and
 * NUMERIC is DOUBLE (DECIMAL(18,3) would cut 0.00012 to 0). Primary keys are not declared: their index must fit in
 * memory and slows loading many times over; uniqueness is checked after each mapping instead.
 */
export function createCdmTables(): string {
  return cdmTables
    .map((table) => `${createTable(table, schemaOfGroup[table.group])}\n${createViewInCdm(table)}`)
    .join("\n");
}

/** The names of the tables that hold clinical, health system and derived data, in the order of the specification. */
export const cdmTableNames: readonly string[] = cdmTables.filter((t) => t.group === "cdm").map((t) => t.table);

/** Those of them whose rows belong to a person each. */
export const tablesOfPersons: ReadonlySet<string> = new Set(
  cdmTables.filter((t) => t.group === "cdm" && t.columns.some(({ name }) => name === "person_id")).map((t) => t.table),
);

/** The names of those of {@link cdmTableNames} that have rows. */
export async function filledCdmTables(warehouse: Pick<Warehouse, "rows">): Promise<ReadonlySet<string>> {
  const rows = await warehouse.rows<{ name: string }>(oneRowOfEach);
  return new Set(rows.map(({ name }) => name));
}

const oneRowOfEach = cdmTableNames
  .map((table) => `(select ${literal(table)} as name from cdm.${identifier(table)} limit 1)`)
  .join(" union all ");

/** `create table` statements for the ten tables of the vocabulary, in another database. */
export function createVocabularyTables(database: string): string {
  return cdmTables
    .filter(({ group }) => group === "vocabulary")
    .map((table) => createTable(table, database))
    .join("\n");
}

function createTable({ table, columns }: CdmTable, schema: string): string {
  const lines = columns.map(
    (column) => `    ${identifier(column.name)} ${duckdbType(column.type)}${column.required ? " not null" : ""}`,
  );
  return `create table if not exists ${schema}.${identifier(table)} (\n${lines.join(",\n")}\n);`;
}

function createViewInCdm({ table, group }: CdmTable): string {
  const schema = schemaOfGroup[group];
  return schema === "cdm"
    ? ""
    : `create or replace view cdm.${identifier(table)} as from ${schema}.${identifier(table)};`;
}

function duckdbType(type: string): string {
  switch (type) {
    case "integer":
      return "bigint";
    case "numeric":
      return "double";
    case "timestamp":
    case "date":
      return type;
    default:
      return "varchar";
  }
}
