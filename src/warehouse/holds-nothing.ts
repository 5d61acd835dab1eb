import { identifier, literal } from "./sql-text.ts";
import type { Warehouse } from "./warehouse.ts";

/** What is written by opening a warehouse and starting a run. */
const written = ["meta.layout", "meta.run", "meta.run_count", "meta.run_warning"];

/** Whether a warehouse has nothing in it but that it was made, and that something was tried. */
export async function holdsNothing(warehouse: Warehouse): Promise<boolean> {
  const tables = await warehouse.rows<{ schema: string; name: string }>(
    `select schema_name as schema, table_name as name
     from duckdb_tables()
     where database_name = ${literal(warehouse.database)} and not temporary`,
  );
  const filled = tables
    .filter(({ schema, name }) => !written.includes(`${schema}.${name}`))
    .map(({ schema, name }) => `exists (from ${identifier(schema)}.${identifier(name)})`);
  const found = await warehouse.row<{ something: boolean }>(`select ${["false", ...filled].join(" or ")} as something`);
  return !found!.something;
}
