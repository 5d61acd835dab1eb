import { identifier, literal, pathLiteral, sqlText } from "../../warehouse/sql-text.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import { openCsvFile } from "../csv-bytes.ts";
import { readRecords, rowsOf } from "../csv-records.ts";
import type { ScannedCsv } from "../csv-scan.ts";

/** Reads the rows of a file into `profiled_file`, by DuckDB's reader where that is safe, and says how many they are. */
export async function readForProfile(
  warehouse: Warehouse,
  file: ScannedCsv,
  signal: AbortSignal | undefined,
): Promise<number> {
  if (file.careful) await readRecordByRecord(warehouse, file, signal);
  else await readAtOnce(warehouse, file, signal);
  return (await warehouse.row<{ rows: number }>("select count(*) as rows from profiled_file"))!.rows;
}

async function readAtOnce(warehouse: Warehouse, file: ScannedCsv, signal: AbortSignal | undefined): Promise<void> {
  const read = sqlText(import.meta.url, "read-file.sql", {
    path: pathLiteral(file.path),
    columns: `{${file.header.map((name) => `${literal(name)}: 'varchar'`).join(", ")}}`,
    delimiter: literal(file.delimiter),
    compression: file.gzip ? "'gzip'" : "'none'",
  });
  await warehouse.run(read, undefined, { signal });
}

async function readRecordByRecord(
  warehouse: Warehouse,
  file: ScannedCsv,
  signal: AbortSignal | undefined,
): Promise<void> {
  const columns = file.header.map((name) => `${identifier(name)} varchar`);
  await warehouse.run(`create or replace temp table profiled_file (${columns.join(", ")})`);
  const { chunks } = await openCsvFile(file.path, file.encoding, signal);
  for await (const { good } of readRecords(chunks, file)) {
    const { rows } = await rowsOf(good, file);
    if (rows.length === 0) continue;
    const cells = file.header.map((_, i) => `cells[${i + 1}]`);
    await warehouse.run(
      `insert into profiled_file
       select ${cells.join(", ")} from (select unnest(json_transform($1::json, '[["VARCHAR"]]')) as cells)`,
      [JSON.stringify(rows.map((row) => row.cells))],
    );
  }
}
