import { type Cells, cellsOf } from "./csv-cells.ts";
import { type CsvHeader, delimiterNamedBy } from "./csv-header.ts";
import { type BadRecord, type CsvRecord, createCsvSplitter } from "./csv-splitter.ts";

/** Records that follow each other: those that are rows, and those that cannot be read. */
export interface RecordBatch {
  readonly good: readonly CsvRecord[];
  readonly bad: readonly BadRecord[];
}

/** A record with its cells, as many as there are columns. */
export interface CsvRow extends CsvRecord {
  readonly cells: Cells;
}

/** The records after the header, about one chunk a batch. */
export async function* readRecords(
  chunks: AsyncIterable<Buffer>,
  { delimiter, header }: CsvHeader,
): AsyncGenerator<RecordBatch> {
  const splitter = createCsvSplitter(delimiter, header.length);
  let beforeRows = true;
  const batch = (records: (CsvRecord | BadRecord)[]): RecordBatch => {
    while (beforeRows && records.length > 0) {
      const { text } = records.shift()!;
      beforeRows = text !== undefined && delimiterNamedBy(text) !== undefined;
    }
    return {
      good: records.filter((record): record is CsvRecord => !("code" in record)),
      bad: records.filter((record): record is BadRecord => "code" in record),
    };
  };
  for await (const chunk of chunks) yield batch(splitter.push(chunk));
  yield batch(splitter.end());
}

/** Records with their cells. Those that come apart otherwise than they were counted cannot be read. */
export async function rowsOf(
  records: readonly CsvRecord[],
  { delimiter, header }: CsvHeader,
): Promise<{ rows: CsvRow[]; bad: BadRecord[] }> {
  const found = await cellsOf(
    records.map(({ text }) => text),
    delimiter,
  );
  const rows: CsvRow[] = [];
  const bad: BadRecord[] = [];
  records.forEach((record, i) => {
    const cells = found[i];
    if (cells?.length === header.length) rows.push({ ...record, cells });
    else bad.push({ ...record, code: "NOT_CSV", reason: "the row could not be read as CSV" });
  });
  return { rows, bad };
}
