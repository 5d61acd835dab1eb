import type { Warehouse } from "../../src/warehouse/warehouse.ts";

/** What is in the tables of a warehouse that a mapping fills, row by row as text. Files are numbered in the order they came. */
export async function booksOf(warehouse: Warehouse): Promise<Map<string, string[]>> {
  const tables = await warehouse.rows<{ name: string }>(
    `select schema_name || '.' || table_name as name from duckdb_tables()
     where database_name = current_database() and schema_name in ('cdm', 'mapping') order by all`,
  );
  const books = new Map<string, string[]>();
  for (const { name } of tables) {
    const columns = await warehouse.columns(name);
    const without = columns.some((column) => column.name === "file_id") ? "* exclude (file_id)" : "*";
    const rows = await warehouse.rows<{ row: string }>(
      `select to_json(book)::varchar as row from (select ${without} from ${name}) book order by all`,
    );
    books.set(
      name,
      rows.map(({ row }) => row),
    );
  }
  return books;
}

/** The rows that only one of two has, by table. */
export function differences(one: Map<string, string[]>, other: Map<string, string[]>): string[] {
  return [...one].flatMap(([table, rows]) => {
    const others = other.get(table) ?? [];
    return [
      ...rows.filter((row) => !others.includes(row)).map((row) => `+ ${table} ${row}`),
      ...others.filter((row) => !rows.includes(row)).map((row) => `- ${table} ${row}`),
      ...(rows.length === others.length ? [] : [`${table}: ${rows.length} rows, not ${others.length}`]),
    ];
  });
}
