import type { Warehouse } from "../warehouse/warehouse.ts";

/** The tables of rows judged of which many an input has none. */
const rowTables = [
  "address_row",
  "care_site_row",
  "provider_row",
  "visit_row",
  "note_row",
  "payer_plan_row",
  "cost_row",
  "record_link",
];

/** What stands for empty tables of a warehouse now. */
const hidden = new WeakMap<Warehouse, readonly string[]>();

/**
 * Puts a view of nothing in the place of each table of rows that is empty: DuckDB leaves out of a plan what reads it, where it
 * would set up all that there is to do with rows of a table.
 */
export async function hideEmptyRows(warehouse: Warehouse): Promise<void> {
  const selects = rowTables.map((name) => `select '${name}' as name where not exists (from ${name})`);
  const empty = (await warehouse.rows<{ name: string }>(selects.join(" union all "))).map(({ name }) => name);
  hidden.set(warehouse, empty);
  await each(
    warehouse,
    empty,
    (name) =>
      `alter table ${name} rename to no_${name}; create or replace temp view ${name} as from no_${name} where false;`,
  );
}

/** Takes these views away, so that the tables can be made again. */
export async function forgetEmptyRows(warehouse: Warehouse): Promise<void> {
  const names = hidden.get(warehouse) ?? [];
  hidden.delete(warehouse);
  await each(warehouse, names, (name) => `drop view if exists ${name}; drop table if exists no_${name};`);
}

async function each(warehouse: Warehouse, names: readonly string[], sql: (name: string) => string): Promise<void> {
  if (names.length > 0) await warehouse.run(names.map(sql).join("\n"));
}
