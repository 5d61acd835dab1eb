import type { CsvMapping } from "../../schemas/csv-mapping.ts";
import { messageOf } from "../pipeline/errors.ts";
import { literal } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { doesNotFit, type MappingProblem } from "./csv-mapping.ts";
import { csvRows } from "./csv-rows.ts";
import { mappedCsvTables } from "./csv-tables.ts";

/**
 * Has DuckDB look at each SQL expression and each date format of a mapping before its rows are landed. Throws
 * CSV_MAPPING_INVALID, with the place of each that it does not understand.
 */
export async function checkExpressions(warehouse: Warehouse, mapping: CsvMapping, source: string): Promise<void> {
  const tables = (await mappedCsvTables(warehouse)).get(source) ?? [];
  const tableOf = (name: string) => tables.find(({ file }) => file === name);
  const problems: MappingProblem[] = [];
  const check = async (path: MappingProblem["path"], select: string) => {
    await warehouse.columns(`(${select})`).catch((error: unknown) => {
      const reason = messageOf(error).replace(/\n.*/s, "");
      problems.push({ path, message: `DuckDB does not understand this: ${reason}` });
    });
  };
  for (const { path, format } of formatsIn(mapping.dates, ["dates"])) await check(path, formatSelect(format));
  for (const [name, file] of Object.entries(mapping.files)) {
    if (tableOf(name) === undefined) continue;
    const { from } = csvRows(name, file, source, tableOf);
    // Beside a column of the row, so that what only is of all rows together is refused.
    for (const { path, sql } of expressionsIn(file, ["files", name]))
      await check(path, `select (${sql}) as x, line.landing_row from ${from}`);
    for (const { path, format } of formatsIn(file, ["files", name])) await check(path, formatSelect(format));
  }
  if (problems.length > 0) throw doesNotFit(mapping, problems);
}

const formatSelect = (format: string) => `select strftime(try_strptime('', ${literal(format)}), '%Y') as x`;

type Path = readonly (string | number)[];

/** The SQL expressions of a mapping or part of one, and where they stand. */
export function expressionsIn(node: unknown, path: Path): { path: Path; sql: string }[] {
  return objectsIn(node, path).flatMap(({ path: place, object }) =>
    typeof object.sql === "string" ? [{ path: [...place, "sql"], sql: object.sql }] : [],
  );
}

function formatsIn(node: unknown, path: Path): { path: Path; format: string }[] {
  return objectsIn(node, path).flatMap(({ path: place, object }) =>
    [object.format ?? []]
      .flat()
      .filter((format) => typeof format === "string" && format.includes("%"))
      .map((format) => ({ path: [...place, "format"], format: format as string })),
  );
}

/** Keys under which names are the user's own. */
const ownNames = new Set(["values", "columns", "on"]);

function objectsIn(node: unknown, path: Path): { path: Path; object: { sql?: unknown; format?: unknown } }[] {
  if (Array.isArray(node)) return node.flatMap((item, i) => objectsIn(item, [...path, i]));
  if (typeof node !== "object" || node === null) return [];
  const below = Object.entries(node).flatMap(([key, value]) =>
    ownNames.has(key) ? [] : objectsIn(value, [...path, key]),
  );
  return [{ path, object: node }, ...below];
}
