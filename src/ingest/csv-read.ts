import { identifier, literal, pathLiteral, sqlText } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { type CsvFile, landingColumns, landingTable } from "./csv-file.ts";
import { type CsvRow, readRecords, rowsOf } from "./csv-records.ts";
import { rejectRows } from "./csv-rejects.ts";
import { type CsvTransform, transformRows } from "./csv-transform.ts";

/** What became of the rows of a file; the others have landed. */
export interface RowCounts {
  readonly read: number;
  readonly ignored: number;
  readonly quarantined: number;
}

/** The same, and the columns that a function gave the rows that landed, in lower case. */
export interface ReadCounts extends RowCounts {
  readonly given?: ReadonlySet<string>;
}

export interface ReadContext {
  readonly warehouse: Warehouse;
  readonly source: string;
  readonly runId: string;
  readonly signal: AbortSignal;
  readonly transform?: CsvTransform | undefined;
}

/**
 * Lands the rows of a file: by DuckDB's reader where that is safe, record by record where a function looks at them, the file
 * is a stream or not UTF-8, or something is wrong with it. Both give the same.
 */
export async function readFile(file: CsvFile, context: ReadContext): Promise<ReadCounts> {
  if (file.atOnce === undefined || context.transform) return await readCarefully(file, context);
  const { warehouse } = context;
  const landed = await readAtOnce(file, file.atOnce, context);
  if (landed.rows === file.records && !landed.rejects) return { read: landed.rows, ignored: 0, quarantined: 0 };
  const { hasBrokenQuotes, ...counts } = await diagnose(file, context);
  const { read, quarantined } = counts;
  if (!hasBrokenQuotes && read === landed.rows + landed.rejects && quarantined === landed.rejects) return counts;
  // DuckDB's reader loses rows beside those whose quotes are broken.
  const ofFile = fileIdSql(file);
  await warehouse.run(
    `delete from ${landingTable(file)} where landing_file = ${ofFile};
     delete from meta.quarantine where file_id = ${ofFile};
     delete from meta.csv_reject where file_id = ${ofFile};`,
  );
  return await readCarefully(file, context);
}

/** The number of a file in `meta.file`, as SQL. */
const fileIdSql = ({ path }: CsvFile) => `(select file_id from landing_file where path = ${literal(path)})`;

/** What `csv-land.sql` and `csv-land-rows.sql` have in common. */
function landingParts(file: Pick<CsvFile, "name">, fileId: string, columns: readonly string[], source: string) {
  const names = columns.toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  return {
    table: landingTable(file),
    source: literal(source),
    file_id: fileId,
    content: names.map((name) => `${literal(`${name.toLowerCase()}=`)} || ${identifier(name)}`).join(", "),
  };
}

async function readAtOnce(file: CsvFile, { gzip }: { gzip: boolean }, { warehouse, source, signal }: ReadContext) {
  const land = sqlText(import.meta.url, "sql/csv-land.sql", {
    ...landingParts(file, fileIdSql(file), file.header, source),
    path: pathLiteral(file.path),
    columns: `{${file.header.map((name) => `${literal(name)}: 'varchar'`).join(", ")}}`,
    delimiter: literal(file.delimiter),
    compression: gzip ? "'gzip'" : "'none'",
  });
  await warehouse.run(land, undefined, { signal });
  const counts = await warehouse.row<{ rows: number; rejects: number }>(
    `select
       (select count(distinct line_byte_position) from csv_reject) as rejects,
       count(*) as rows
     from ${landingTable(file)}
     where landing_file = ${fileIdSql(file)}`,
  );
  await warehouse.run("drop table csv_reject; drop table csv_reject_scan");
  return counts!;
}

/** Only puts aside the rows that cannot be read. */
async function diagnose(file: CsvFile, { warehouse, runId, signal }: ReadContext) {
  let read = 0;
  let quarantined = 0;
  let hasBrokenQuotes = false;
  for await (const { good, bad } of readRecords(await file.open(), file)) {
    signal.throwIfAborted();
    read += good.length + bad.length;
    quarantined += bad.length;
    hasBrokenQuotes ||= bad.some(({ code }) => code === "BROKEN_QUOTE" || code === "OPEN_QUOTE");
    await rejectRows(warehouse, file, bad, runId);
  }
  return { read, ignored: 0, quarantined, hasBrokenQuotes };
}

async function readCarefully(
  file: CsvFile,
  { warehouse, source, runId, signal, transform }: ReadContext,
): Promise<ReadCounts> {
  const columns = landingColumns(file, transform !== undefined);
  const counts = { read: 0, ignored: 0, quarantined: 0 };
  const seen = new Set<string>();
  for await (const { good, bad } of readRecords(await file.open(), file)) {
    signal.throwIfAborted();
    const split = await rowsOf(good, file);
    const {
      rows,
      bad: refused,
      ignored,
    } = transform
      ? transformRows(split.rows, file, { transform, columns, file: file.name, seen })
      : { rows: split.rows, bad: [], ignored: 0 };
    const rejects = [...bad, ...split.bad, ...refused];
    counts.read += good.length + bad.length;
    counts.ignored += ignored;
    counts.quarantined += rejects.length;
    await landRows(file, fileIdSql(file), columns, rows, { warehouse, source });
    await rejectRows(warehouse, file, rejects, runId);
  }
  return transform ? { ...counts, given: seen } : counts;
}

/** Lands rows that were read one by one. */
export async function landRows(
  file: Pick<CsvFile, "name">,
  fileId: string,
  columns: readonly string[],
  rows: readonly Pick<CsvRow, "line" | "cells">[],
  { warehouse, source }: Pick<ReadContext, "warehouse" | "source">,
): Promise<void> {
  if (rows.length === 0) return;
  const land = sqlText(import.meta.url, "sql/csv-land-rows.sql", {
    ...landingParts(file, fileId, columns, source),
    cells: columns.map((name, i) => `cells[${i + 2}] as ${identifier(name)}`).join(", "),
  });
  await warehouse.run(land, [JSON.stringify(rows.map(({ line, cells }) => [String(line), ...cells]))]);
}
