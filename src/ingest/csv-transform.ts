import type { CsvHeader } from "./csv-header.ts";
import type { CsvRow } from "./csv-records.ts";
import type { BadRecord } from "./csv-splitter.ts";

/** A row as a user's function takes it: the text of each column, `""` where it is empty. */
export type CsvRowObject = Readonly<Record<string, string>>;

/** A row as a user's function gives it. Columns that it leaves out are empty. */
export type CsvRowAnswer = Readonly<Record<string, string | number | boolean | null | undefined>>;

/**
 * What a user's function makes of each row before it lands. `undefined` leaves the row out: it counts as ignored. A row for
 * which it throws is rejected.
 */
export type CsvTransform = (
  row: CsvRowObject,
  place: { readonly file: string; readonly line: number },
) => CsvRowAnswer | undefined;

/** Rows as they land, and those that do not. */
export interface TransformedRows {
  readonly rows: readonly Pick<CsvRow, "line" | "cells">[];
  readonly bad: readonly BadRecord[];
  readonly ignored: number;
}

/** Has a function look at rows; what comes back has the cells of `columns`. `seen` gathers the columns that it gave. */
export function transformRows(
  rows: readonly CsvRow[],
  { header }: CsvHeader,
  {
    transform,
    columns,
    file,
    seen,
  }: { transform: CsvTransform; columns: readonly string[]; file: string; seen: Set<string> },
): TransformedRows {
  const kept: Pick<CsvRow, "line" | "cells">[] = [];
  const bad: BadRecord[] = [];
  let ignored = 0;
  for (const { cells, line, text } of rows) {
    try {
      const row = Object.fromEntries(header.map((name, i) => [name, cells[i] ?? ""]));
      const answer = transform(row, { file, line });
      if (answer === undefined) {
        ignored += 1;
        continue;
      }
      const byName = new Map(Object.entries(answer).map(([name, value]) => [name.toLowerCase(), value]));
      for (const name of byName.keys()) seen.add(name);
      const textOf = (name: string) => {
        const value = byName.get(name.toLowerCase());
        return value === undefined || value === null || value === "" ? null : String(value);
      };
      kept.push({ line, cells: columns.map(textOf) });
    } catch (error) {
      // Its message may quote the row.
      const name = error instanceof Error ? error.name : typeof error;
      bad.push({ line, text, code: "TRANSFORM_FAILED", reason: `the transform of the mapping threw (${name})` });
    }
  }
  return { rows: kept, bad, ignored };
}
