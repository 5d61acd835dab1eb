import { stat } from "node:fs/promises";
import { openCsvFile } from "./csv-bytes.ts";
import type { Cells } from "./csv-cells.ts";
import type { CsvHeader } from "./csv-header.ts";
import { readRecords, rowsOf } from "./csv-records.ts";
import type { CsvWriting } from "./csv-scan.ts";

/** A file that has landed, as it was then. */
export interface LandedCsv extends CsvHeader, Pick<CsvWriting, "encoding"> {
  readonly path: string;
  readonly bytes: number;
}

/** A row as it is written in a file; quotes only where they must be. */
export function textOfRow(cells: Cells, delimiter: string): string {
  const mustBeQuoted = (text: string) => text.includes(delimiter) || /["\r\n]|^\s|\s$/.test(text);
  return cells
    .map((cell) => (cell === null ? "" : mustBeQuoted(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
    .join(delimiter);
}

/**
 * The lines on which rows begin in their file, which DuckDB's reader does not tell: it is read again, record by record.
 * Undefined where it is not there any more or not as it was. Rows that are the same get a line each.
 */
export async function linesOf(rows: readonly Cells[], file: LandedCsv): Promise<(number | undefined)[]> {
  const found = new Map<string, number[]>(rows.map((cells) => [keyOf(cells), []]));
  const isAsItWas = await stat(file.path).then(
    ({ size }) => size === file.bytes,
    () => false,
  );
  if (found.size === 0 || !isAsItWas) return rows.map(() => undefined);
  const plain = new Map([...found.keys()].map((key) => [key.replaceAll(separator, file.delimiter), key]));
  const { chunks } = await openCsvFile(file.path, file.encoding, undefined);
  for await (const { good } of readRecords(chunks, file)) {
    // Most rows have no quotes, and need not be taken apart to be known.
    const quoted = good.filter(({ text }) => text.includes('"'));
    for (const { cells, line } of (await rowsOf(quoted, file)).rows) found.get(keyOf(cells))?.push(line);
    for (const { text, line } of good) {
      const key = plain.get(text);
      if (key !== undefined && !text.includes('"')) found.get(key)!.push(line);
    }
  }
  return rows.map((cells) => found.get(keyOf(cells))!.shift());
}

const separator = "\u001f";
const keyOf = (cells: Cells) => cells.map((cell) => cell ?? "").join(separator);
