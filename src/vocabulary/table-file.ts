import type { CdmColumn, CdmTable } from "../../schemas/cdm.ts";
import { identifier, literal, pathLiteral } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { type DateStyle, dateStyles } from "./column-sql.ts";
import { checkGzip, type FileLayout, readLayout } from "./file-layout.ts";

/** A file with a table of the vocabulary, and all that is known of how it is written. */
export interface TableFile {
  readonly path: string;
  readonly layout: FileLayout;
  /** The columns of the table that the file has. */
  readonly columns: readonly CdmColumn[];
  readonly dates: DateStyle;
}

/** Finds out how a file is written, from its first line and its first rows. Throws where a required column is missing. */
export async function openTableFile(
  warehouse: Pick<Warehouse, "row">,
  path: string,
  table: CdmTable,
  signal: AbortSignal | undefined,
): Promise<TableFile> {
  const layout = await readLayout(path);
  if (layout.gzip) await checkGzip(path, signal);
  const missing = table.columns.filter(({ name, required }) => required && !layout.columns.includes(name));
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(", ");
    throw new Error(`column ${names} is missing; its first line reads ${layout.columns.join(", ")}`);
  }
  const columns = table.columns.filter(({ name }) => layout.columns.includes(name));
  return { path, layout, columns, dates: await dateStyleOf(warehouse, { path, layout, columns }) };
}

/** SQL that reads the rows of a file, all columns as text, an empty one as NULL. */
export function rowsOf({ path, layout, columns }: Omit<TableFile, "dates">, onFault: string): string {
  const known = new Set(columns.map(({ name }) => name));
  const names = layout.columns.map((name, i) => (known.delete(name) ? name : `column ${i}`));
  const quote = layout.quoted ? `'"'` : "''";
  return `read_csv(${pathLiteral(path)}, auto_detect => false, header => true, delim => ${literal(layout.delimiter)},
    quote => ${quote}, escape => ${quote}, nullstr => '', compression => '${layout.gzip ? "gzip" : "none"}',
    columns => {${names.map((name) => `${literal(name)}: 'varchar'`).join(", ")}}, ${onFault})`;
}

const sampledRows = 10_000;

/** The style that reads the most dates of the first rows. */
async function dateStyleOf(warehouse: Pick<Warehouse, "row">, file: Omit<TableFile, "dates">): Promise<DateStyle> {
  const dates = file.columns.filter(({ type }) => type === "date").map(({ name }) => `trim(${identifier(name)})`);
  if (dates.length === 0) return dateStyles[0];
  const counts = dateStyles.map((style) => `${dates.map((date) => `count(${style.parse(date)})`).join(" + ")}`);
  const { read } = (await warehouse.row<{ read: number[] }>(
    `select [${counts.join(", ")}] as read from (from ${rowsOf(file, "ignore_errors => true")} limit ${sampledRows})`,
  ))!;
  return dateStyles[read.indexOf(Math.max(...read))]!;
}
