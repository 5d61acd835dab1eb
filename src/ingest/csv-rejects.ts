import type { Warehouse } from "../warehouse/warehouse.ts";
import type { ScannedCsv } from "./csv-scan.ts";
import type { Problem, Refused } from "./quarantine.ts";
import { readBytes } from "./read-lines.ts";

/** What DuckDB's reader says of a row, without the row. */
const problems: Readonly<Record<string, Problem>> = {
  "MISSING COLUMNS": { code: "WRONG_COLUMN_COUNT", reason: "the row has fewer columns than the header" },
  "TOO MANY COLUMNS": { code: "WRONG_COLUMN_COUNT", reason: "the row has more columns than the header" },
  "UNQUOTED VALUE": {
    code: "BROKEN_QUOTE",
    reason: "text stands behind a closing quote; the lines up to the next quote are lost with it",
  },
  "INVALID ENCODING": { code: "NOT_UTF8", reason: "the row is not UTF-8 text" },
  "LINE SIZE OVER MAXIMUM": { code: "LINE_TOO_LONG", reason: "the row is longer than 2 MB" },
};
const otherProblem: Problem = { code: "NOT_CSV", reason: "the row could not be read as CSV" };

/**
 * The rows that DuckDB's reader put aside while it read a file, by their lines. The reader counts rows where a line is
 * wanted (they differ behind a quoted line end), so lines are counted here, up to the bytes it names.
 */
export async function rejectedRows(
  warehouse: Warehouse,
  { path, gzip }: Pick<ScannedCsv, "path" | "gzip">,
  signal: AbortSignal,
): Promise<Refused[]> {
  const rows = await warehouse.rows<{ byte: number; error: string }>(
    `select line_byte_position as byte, min(error_type::varchar) as error
     from csv_reject group by byte order by byte`,
  );
  await warehouse.run("drop table csv_reject; drop table csv_reject_scan");
  const lines = await linesAt(
    path,
    gzip,
    rows.map(({ byte }) => byte),
    signal,
  );
  return rows.map(({ error }, i) => ({ path, line: lines[i]!, ...(problems[error] ?? otherProblem) }));
}

/** The lines in which bytes stand; both counted from 1. `bytes` ascend. */
async function linesAt(path: string, gzip: boolean, bytes: readonly number[], signal: AbortSignal): Promise<number[]> {
  const lines: number[] = [];
  let line = 1;
  let before = 0;
  let newline: string | undefined;
  if (bytes.length === 0) return lines;
  for await (const chunk of readBytes(path, gzip, signal)) {
    newline ??= chunk.includes("\n") ? "\n" : "\r";
    const lineEnd = newline;
    let from = 0;
    const countTo = (end: number) => {
      for (let at = chunk.indexOf(lineEnd, from); at !== -1 && at < end; at = chunk.indexOf(lineEnd, at + 1)) line += 1;
      from = end;
    };
    for (
      let next = bytes[lines.length];
      next !== undefined && next <= before + chunk.length;
      next = bytes[lines.length]
    ) {
      countTo(next - 1 - before);
      lines.push(line);
    }
    countTo(chunk.length);
    before += chunk.length;
    if (lines.length === bytes.length) break;
  }
  return lines;
}
