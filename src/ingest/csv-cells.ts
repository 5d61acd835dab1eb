import { parseString } from "fast-csv";

/** The cells of a record; an empty one is NULL. */
export type Cells = readonly (string | null)[];

/**
 * The cells of records that were found well formed (`csv-splitter.ts`), in their order. Undefined: the parser sees none
 * there, as where a quote opens behind a tab.
 */
export async function cellsOf(records: readonly string[], delimiter: string): Promise<(Cells | undefined)[]> {
  const together = await parse(records, delimiter).catch(() => undefined);
  if (together?.length === records.length) return together;
  return Promise.all(
    records.map(async (record) => {
      const rows = await parse([record], delimiter).catch(() => []);
      return rows.length === 1 ? rows[0] : undefined;
    }),
  );
}

async function parse(records: readonly string[], delimiter: string): Promise<Cells[]> {
  const rows: string[][] = [];
  const parser = parseString(records.join("\n"), { delimiter, quote: '"', escape: '"', headers: false });
  for await (const row of parser as AsyncIterable<string[]>) rows.push(row);
  const end = delimiter.replace(/[\\\]^-]/, "\\$&");
  const blanks = new RegExp(`^[^\\S\r\n${end}]+(?=[${end}]|$)`);
  return rows.map((row, i) => {
    // Blanks that are all of a first cell are left out by the parser.
    const [first = row[0], ...others] = [blanks.exec(records[i]!)?.[0], ...row.slice(1)];
    return [first, ...others].map((cell) => (cell === "" || cell === undefined ? null : cell));
  });
}
