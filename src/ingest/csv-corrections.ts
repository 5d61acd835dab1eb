import type { CsvMapping } from "../../schemas/csv-mapping.ts";
import { literal } from "../warehouse/sql-text.ts";
import { applyCorrections } from "./csv-corrected-rows.ts";
import type { CsvFile } from "./csv-file.ts";
import { tidy } from "./csv-landing.ts";
import type { ReadContext } from "./csv-read.ts";
import { readRecords, rowsOf } from "./csv-records.ts";
import { tryExpressions } from "./csv-try-expressions.ts";

/** What came of files of rejects. */
export interface Corrections {
  /** The numbers in `meta.file` of the files that rows came from. */
  readonly files: readonly number[];
  /** Rows that cannot be read as they are, and those that are not among the rejects. */
  readonly left: number;
}

/**
 * Lands the rows of files of rejects whose `row` can be read, in place of what was rejected, and remembers them, so that they
 * hold when the file is read again. Each counts with the file it came from, which need not be there any more.
 */
export async function landCorrections(
  files: readonly CsvFile[],
  mapping: CsvMapping,
  context: ReadContext,
): Promise<Corrections> {
  const texts = await correctedTexts(files);
  const known = await remember(texts, context);
  let corrected = 0;
  for (const { file_id } of known) corrected += await applyCorrections(file_id, mapping, context);
  const names = new Set(known.map(({ file }) => file));
  await tryExpressions(names, mapping, context);
  await tidy(names, context);
  return { files: known.map(({ file_id }) => file_id), left: texts.length - corrected };
}

/** Where a row was rejected, and how it is written now. */
interface CorrectedText {
  readonly path: string;
  readonly line: number;
  readonly row: string;
}

async function correctedTexts(files: readonly CsvFile[]): Promise<readonly CorrectedText[]> {
  const texts = new Map<string, CorrectedText>();
  for (const file of files) {
    for await (const { good } of readRecords(await file.open(), file)) {
      for (const { cells } of (await rowsOf(good, file)).rows) {
        const [path, line, , , , , row] = cells;
        if (path && line && row) texts.set(`${line} ${path}`, { path, line: Number(line), row });
      }
    }
  }
  return [...texts.values()];
}

/** Keeps what rejected rows were corrected to, and gives the files that they are of. A row that was changed back is as it was. */
async function remember(texts: readonly CorrectedText[], { warehouse, source }: ReadContext) {
  await warehouse.run(
    `create or replace temp table corrected_row as
     select file_id, file.path, line, layout.file, reject."row", reject.landing_row, text."row" as corrected
     from (
       select unnest(json_transform($1::json, '[{"path":"VARCHAR","line":"BIGINT","row":"VARCHAR"}]'), recursive := true)
     ) text
     join meta.file file on file.path = text.path and file.source = ${literal(source)}
     join meta.csv_reject reject using (file_id, line)
     join meta.csv_layout layout using (file_id)
     where reject."row" is not null and reject."row" <> text."row"`,
    [JSON.stringify(texts)],
  );
  await warehouse.run(
    `delete from meta.csv_correction
     using corrected_row
     where csv_correction.source = ${literal(source)}
       and csv_correction.file = corrected_row.file
       and csv_correction."row" in (corrected_row."row", corrected_row.corrected);
     insert into meta.csv_correction
     select ${literal(source)}, file, "row", landing_row, corrected from corrected_row order by path, line;`,
  );
  const files = await warehouse.rows<{ file_id: number; file: string }>(
    "select distinct file_id, file from corrected_row order by file_id",
  );
  await warehouse.run("drop table corrected_row");
  return files;
}
