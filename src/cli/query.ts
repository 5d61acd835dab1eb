import { once } from "node:events";
import { format } from "fast-csv";
import { OmopipeError } from "../pipeline/errors.ts";
import type { Batch } from "../pipeline/stage.ts";
import type { Row } from "../warehouse/values.ts";
import { openExisting } from "./run-pipeline.ts";
import { cellText, textTable } from "./table.ts";

/** Where tables are looked for that are named without their schema, and which of them `show tables` lists. */
const schemas = "cdm,results,features,mapping,meta";

/** `omopipe query`. */
export async function query(
  statement: string,
  options: { readonly warehouse: string; readonly format: string },
): Promise<void> {
  if (!["table", "csv", "json"].includes(options.format)) {
    throw new OmopipeError("USAGE", `There is no format ${options.format}; there are table, csv and json.`);
  }
  // In one line with the beginning of the statement: messages of DuckDB count lines.
  const sql = `set search_path = '${schemas}'; ${statement}`;
  await using warehouse = await openExisting(options.warehouse);
  if (options.format === "table") process.stdout.write(textTable(await warehouse.rows(sql)));
  else if (options.format === "csv") await writeCsv(warehouse.stream<Row>(sql));
  else await writeJson(warehouse.stream<Row>(sql));
}

/** One JSON array, a row a line. A whole number beyond 2^53 is text, because JSON's readers would round it. */
async function writeJson(batches: AsyncIterable<Batch<Row>>): Promise<void> {
  let before = "[\n";
  for await (const rows of batches) {
    for (const row of rows) {
      const text = JSON.stringify(row, (_, value) => (typeof value === "bigint" ? String(value) : value));
      if (!process.stdout.write(`${before}${text}`)) await once(process.stdout, "drain");
      before = ",\n";
    }
  }
  process.stdout.write(before === ",\n" ? "\n]\n" : "[]\n");
}

async function writeCsv(batches: AsyncIterable<Batch<Row>>): Promise<void> {
  const csv = format<Row, Row>({ headers: true, alwaysWriteHeaders: true, includeEndRowDelimiter: true });
  csv.pipe(process.stdout, { end: false });
  for await (const rows of batches) {
    for (const row of rows) {
      const cells = Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, typeof value === "string" ? value : cellText(value)]),
      );
      if (!csv.write(cells)) await once(csv, "drain");
    }
  }
  csv.end();
  await once(csv, "end");
}
