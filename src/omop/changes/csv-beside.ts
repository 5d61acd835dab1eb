import { ownerOfLandedRows, ownerOfRows } from "../../ingest/csv-person.ts";
import { csvRows } from "../../ingest/csv-rows.ts";
import { mappedCsvTables } from "../../ingest/csv-tables.ts";
import { literal, sqlText } from "../../warehouse/sql-text.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import { csvExtracts, tableIn } from "../csv/csv-extracts.ts";

/** Whether it can be told whose each CSV row is, so that those of some persons can be mapped alone. */
export async function csvCanBeParted(warehouse: Warehouse): Promise<boolean> {
  for (const { from, owner } of await ownersOfFiles(warehouse)) {
    if ((await ownerOfLandedRows(warehouse, from, owner)).kind === "mixed") return false;
  }
  return true;
}

/** The CSV rows of the persons in question, and all rows of nobody, are what has landed beside. */
export async function landCsvBeside(warehouse: Warehouse, beside: Warehouse): Promise<void> {
  await beside.run(`insert into meta.csv_mapping from ${warehouse.database}.meta.csv_mapping`);
  const made = new Set<string>();
  for (const { source, table, from, owner } of await ownersOfFiles(warehouse)) {
    const landed = `${warehouse.database}.${table}`;
    if (!made.has(table)) await beside.run(`create table ${table} as from ${landed} limit 0`);
    made.add(table);
    const person = owner.kind === "person" ? owner.person : "null::varchar";
    const parts = { table, landed, from, person, source: literal(source) };
    await beside.run(sqlText(import.meta.url, "land-csv-beside.sql", parts));
  }
}

/** How many rows of each CSV file have landed, as landed records are counted. */
export async function countCsvRows(warehouse: Warehouse): Promise<string[]> {
  return (await ownersOfFiles(warehouse)).map(
    ({ source, table, file }) =>
      `select landing_file, ${literal(file)}, count(*) from ${table} where landing_source = ${literal(source)} group by all`,
  );
}

/** A query for the rows of CSV files that are about records which several rows may be about. */
export async function rowsOfRecords(warehouse: Warehouse): Promise<string> {
  const extracts = (await csvExtracts(warehouse)).filter(({ shape }) => shape === "row");
  const none =
    "select null::varchar as source, null::varchar as resource_type, null::varchar as resource_id,\n" +
    "  null::integer as file_id, null::varchar as row_id where false";
  return [none, ...extracts.map(({ select }) => `(${select})`)].join("\nunion all by name\n");
}

async function ownersOfFiles(warehouse: Warehouse) {
  return [...(await mappedCsvTables(warehouse))].flatMap(([source, tables]) =>
    tables.map(({ file, table, mapping }) => {
      const { from, columns } = csvRows(file, mapping, source, (name) => tableIn(warehouse, tables, name));
      return { source, file, table, from, owner: ownerOfRows(file, mapping, columns) };
    }),
  );
}
