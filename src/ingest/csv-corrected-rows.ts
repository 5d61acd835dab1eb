import type { CsvMapping } from "../../schemas/csv-mapping.ts";
import { literal, sqlText } from "../warehouse/sql-text.ts";
import { type CsvFile, landingColumns, landingTable, placeInMapping } from "./csv-file.ts";
import { linesOf } from "./csv-lines.ts";
import { landRows, type ReadContext } from "./csv-read.ts";
import { type CsvRow, rowsOf } from "./csv-records.ts";
import { createCsvSplitter } from "./csv-splitter.ts";
import { transformRows } from "./csv-transform.ts";

/** A row of a file that was corrected. */
interface Correction {
  readonly line: number | null;
  /** By which the row is known in its landing table; NULL: it was rejected before it landed. */
  readonly landing_row: string | null;
  readonly row: string;
  readonly corrected: string;
}

type Layout = Pick<CsvFile, "path" | "bytes" | "name" | "delimiter" | "header" | "mapping">;

/**
 * Puts the corrected rows of a file in the place of those that stand there, and gives how many there were: of rejects, and of rows
 * that have landed. A row may have been corrected more than once.
 */
export async function applyCorrections(fileId: number, mapping: CsvMapping, context: ReadContext): Promise<number> {
  const layout = await layoutOf(fileId, mapping, context);
  let applied = 0;
  const done = new Set<string>();
  for (;;) {
    const all = await correctionsOf(fileId, layout, context);
    const found = all.filter(({ landing_row }) => landing_row === null || !done.has(landing_row));
    for (const { landing_row } of found) if (landing_row !== null) done.add(landing_row);
    const rows = await correctedRows(await withLines(found, layout), layout, context);
    if (rows.length === 0) return applied;
    await removeOld(fileId, rows, layout, context);
    const columns = landingColumns(layout, context.transform !== undefined);
    await landRows(
      layout,
      String(fileId),
      columns,
      rows.flatMap(({ row }) => row ?? []),
      context,
    );
    applied += rows.length;
  }
}

async function layoutOf(fileId: number, mapping: CsvMapping, { warehouse }: ReadContext): Promise<Layout> {
  const layout = await warehouse.row<Omit<Layout, "mapping">>(
    `select path, bytes, csv_layout.file as name, delimiter, header
     from meta.csv_layout join meta.file using (file_id) where file_id = ${fileId}`,
  );
  return { ...layout!, mapping: placeInMapping(layout!.path, mapping).mapping };
}

async function correctionsOf(fileId: number, layout: Layout, { warehouse, source }: ReadContext) {
  return await warehouse.rows<Correction & Record<string, never>>(
    sqlText(import.meta.url, "sql/csv-corrections.sql", {
      table: landingTable(layout),
      source: literal(source),
      file: literal(layout.name),
      file_id: String(fileId),
    }),
  );
}

/** DuckDB's reader tells no lines: where a row stood is sought in its file. */
async function withLines(found: readonly Correction[], layout: Layout): Promise<readonly Correction[]> {
  const unplaced = found.filter(({ line }) => line === null);
  const records = unplaced.map(({ row }) => ({ line: 0, text: row }));
  const cells = (await rowsOf(records, layout)).rows.map((row) => row.cells);
  const lines = await linesOf(cells, { ...layout, encoding: layout.mapping?.encoding });
  const placed = new Map(unplaced.map((correction, i) => [correction, lines[i] ?? null]));
  return found.map((correction) => ({ ...correction, line: correction.line ?? placed.get(correction) ?? null }));
}

/** Those that can be read now. A row that a function leaves out is none, but no reject any more. */
async function correctedRows(found: readonly Correction[], layout: Layout, { transform }: ReadContext) {
  const rows: { correction: Correction; row: Pick<CsvRow, "line" | "cells"> | undefined }[] = [];
  for (const correction of found) {
    const { rows: read } = await rowsOf(onlyRecord(correction, layout), layout);
    if (read.length === 0) continue;
    const columns = landingColumns(layout, transform !== undefined);
    const made = transform
      ? transformRows(read, layout, { transform, columns, file: layout.name, seen: new Set() })
      : { rows: read, bad: [] };
    if (made.bad.length === 0) rows.push({ correction, row: made.rows[0] });
  }
  // Rows of the same content are known by one name, and go together.
  const left = new Set(found.map(({ landing_row }) => landing_row));
  for (const { landing_row } of found) {
    const same = (each: Pick<Correction, "landing_row">) => each.landing_row === landing_row;
    if (found.filter(same).length === rows.filter(({ correction }) => same(correction)).length)
      left.delete(landing_row);
  }
  return rows.filter(({ correction: { landing_row } }) => landing_row === null || !left.has(landing_row));
}

/** The record that a text is; none where it is no record, or several. */
function onlyRecord({ corrected, line }: Correction, { delimiter, header }: Layout) {
  const splitter = createCsvSplitter(delimiter, header.length);
  const records = [...splitter.push(Buffer.from(corrected)), ...splitter.end()];
  const [record] = records;
  return records.length === 1 && record && !("code" in record) ? [{ ...record, line: line ?? 0 }] : [];
}

async function removeOld(
  fileId: number,
  rows: readonly { readonly correction: Correction; readonly row: unknown }[],
  layout: Layout,
  { warehouse }: ReadContext,
): Promise<void> {
  const ofFile = `file_id = ${fileId}`;
  const rejected = rows.filter(({ correction }) => correction.landing_row === null);
  const lines = `list_contains([${rejected.map(({ correction }) => correction.line).join(", ")}]::bigint[], line)`;
  const landed = rows.flatMap(({ correction }) => correction.landing_row ?? []);
  const landingRows = `[${landed.map(literal).join(", ")}]::varchar[]`;
  const leftOut = rejected.filter(({ row }) => row === undefined).length;
  await warehouse.run(
    `delete from meta.csv_reject where ${ofFile} and landing_row is null and ${lines};
     delete from meta.csv_reject where ${ofFile} and list_contains(${landingRows}, landing_row);
     delete from meta.quarantine where ${ofFile} and ${lines};
     update meta.file_records
     set quarantined = quarantined - ${rejected.length}, ignored = ignored + ${leftOut}
     where ${ofFile} and resource_type = ${literal(layout.name)};
     delete from ${landingTable(layout)}
     where landing_file = ${fileId} and list_contains(${landingRows}, split_part(landing_row, '-', 1));`,
  );
}
