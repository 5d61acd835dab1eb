import { type CsvFileMapping, csvFileMappingSchema } from "../../schemas/csv-mapping.ts";
import { identifier, literal } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import type { CsvTable } from "./csv-rows.ts";

/** The landing table of a file, and the mapping that the warehouse keeps of it. */
export interface MappedCsvTable extends CsvTable {
  /** The name of the file in the mapping. */
  readonly file: string;
  readonly mapping: CsvFileMapping;
}

/** All CSV files that have landed, by their sources. */
export async function mappedCsvTables(warehouse: Warehouse): Promise<ReadonlyMap<string, readonly MappedCsvTable[]>> {
  const stored = await warehouse.rows<{ source: string; landing_table: string; file: string; definition: string }>(
    "select source, landing_table, file, definition::varchar as definition from meta.csv_mapping order by all",
  );
  const tables = new Map<string, MappedCsvTable[]>();
  for (const { source, landing_table, file, definition } of stored) {
    const ofSource = tables.get(source) ?? [];
    const mapping = csvFileMappingSchema.parse(JSON.parse(definition));
    ofSource.push({ file, mapping, ...(await csvTable(warehouse, landing_table)) });
    tables.set(source, ofSource);
  }
  return tables;
}

/** The mapping of one file as the warehouse keeps it. */
export async function keepCsvMapping(
  warehouse: Warehouse,
  { source, table, file, name }: { source: string; table: string; file: string; name: string },
  mapping: CsvFileMapping,
): Promise<void> {
  await warehouse.run(
    `delete from meta.csv_mapping where source = ${literal(source)} and landing_table = ${literal(table)}`,
  );
  await warehouse.run("insert into meta.csv_mapping values ($1, $2, $3, $4, $5::json)", [
    source,
    table,
    file,
    name,
    JSON.stringify(mapping),
  ]);
}

async function csvTable(warehouse: Warehouse, name: string): Promise<CsvTable> {
  const table = `landing.${identifier(name)}`;
  const columns = (await warehouse.columns(table)).map((column) => column.name);
  return { table, columns: columns.filter((column) => !systemColumns.has(column)) };
}

const systemColumns = new Set(["landing_source", "landing_file", "landing_row", "landing_line"]);
