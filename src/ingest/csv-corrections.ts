import type { CsvMapping } from "../../schemas/csv-mapping.ts";
import { literal } from "../warehouse/sql-text.ts";
import { type CsvFile, landingColumns, placeInMapping } from "./csv-file.ts";
import { tidy } from "./csv-landing.ts";
import { landRows, type ReadContext } from "./csv-read.ts";
import { type CsvRow, readRecords, rowsOf } from "./csv-records.ts";
import { createCsvSplitter } from "./csv-splitter.ts";
import { transformRows } from "./csv-transform.ts";

/** A row that was put aside, and how its file is written. */
interface Rejected {
  readonly file_id: number;
  readonly path: string;
  readonly line: number;
  readonly name: string;
  readonly delimiter: string;
  readonly header: string[];
}

/** What came of files of rejects. */
export interface Corrections {
  /** The numbers in `meta.file` of the files that rows came from. */
  readonly files: readonly number[];
  readonly corrected: number;
  /** Rows that cannot be read as they are, and those that are not among the rejects. */
  readonly left: number;
}

/**
 * Lands the rows of files of rejects whose `row` can be read now, in place of the rejects. Each counts with the file it came
 * from, which need not be there any more.
 */
export async function landCorrections(
  files: readonly CsvFile[],
  mapping: CsvMapping,
  context: ReadContext,
): Promise<Corrections> {
  const texts = await correctedTexts(files);
  const rejected = await rejectedRows(context);
  const known = rejected.filter(({ path, line }) => texts.has(keyOf(path, line)));
  const layouts = new Map<number, Rejected[]>();
  for (const each of known) layouts.set(each.file_id, [...(layouts.get(each.file_id) ?? []), each]);
  let corrected = 0;
  for (const rows of layouts.values()) {
    corrected += await landFile(rows, texts, mapping, context);
  }
  await tidy(new Set(known.map(({ name }) => name)), context);
  return { files: [...layouts.keys()], corrected, left: texts.size - corrected };
}

async function landFile(
  rejected: readonly Rejected[],
  texts: ReadonlyMap<string, string>,
  mapping: CsvMapping,
  context: ReadContext,
): Promise<number> {
  const { warehouse, transform } = context;
  const { file_id, path, name, delimiter, header } = rejected[0]!;
  const file = { path, name, delimiter, header, mapping: placeInMapping(path, mapping).mapping };
  const columns = landingColumns(file, transform !== undefined);
  const records = rejected.flatMap(({ line }) => onlyRecord(texts.get(keyOf(path, line))!, line, file));
  const { rows } = await rowsOf(records, file);
  const landed = transform
    ? transformRows(rows, file, { transform, columns, file: name, seen: new Set() })
    : { rows: rows.map(({ cells }) => cells), bad: [], ignored: 0 };
  const bad = new Set(landed.bad.map(({ line }) => line));
  const lines = rows.map(({ line }) => line).filter((line) => !bad.has(line));
  if (lines.length === 0) return 0;
  await landRows(file, String(file_id), columns, landed.rows, context);
  const places = `where file_id = ${file_id} and list_contains([${lines.join(", ")}], line)`;
  await warehouse.run(
    `delete from meta.csv_reject ${places};
     delete from meta.quarantine ${places};
     update meta.file_records
     set quarantined = quarantined - ${lines.length}, ignored = ignored + ${landed.ignored}
     where file_id = ${file_id} and resource_type = ${literal(name)};`,
  );
  return lines.length;
}

/** The record that a text is; none where it is no record, or several. */
function onlyRecord(text: string, line: number, { delimiter, header }: Pick<Rejected, "delimiter" | "header">) {
  const splitter = createCsvSplitter(delimiter, header.length);
  const records = [...splitter.push(Buffer.from(text)), ...splitter.end()];
  return records.length === 1 && !("code" in records[0]!) ? [{ ...records[0]!, line }] : [];
}

/** The rows of files of rejects, by the place that they came from. */
async function correctedTexts(files: readonly CsvFile[]): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const file of files) {
    for await (const { good } of readRecords(await file.open(), file)) {
      for (const { cells } of (await rowsOf(good, file)).rows satisfies CsvRow[]) {
        const [path, line, , , , , row] = cells;
        if (path && line && row) texts.set(keyOf(path, Number(line)), row);
      }
    }
  }
  return texts;
}

const keyOf = (path: string, line: number) => `${line} ${path}`;

async function rejectedRows({ warehouse, source }: ReadContext): Promise<Rejected[]> {
  return await warehouse.rows<Rejected & Record<string, never>>(
    `select file_id, file.path, reject.line, layout.file as name, delimiter, header
     from meta.csv_reject reject
     join meta.file file using (file_id)
     join meta.csv_layout layout using (file_id)
     where file.source = ${literal(source)} and reject.line is not null
     order by file_id, line`,
  );
}
