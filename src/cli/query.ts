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
  const before = `set search_path = '${schemas}'; `;
  const sql = `${before}${statement}`;
  await using warehouse = await openExisting(options.warehouse);
  try {
    if (options.format === "table") process.stdout.write(textTable(await warehouse.rows(sql)));
    else if (options.format === "csv") await writeCsv(warehouse.stream<Row>(sql));
    else await writeJson(warehouse.stream<Row>(sql));
  } catch (error) {
    throw error instanceof OmopipeError && error.code === "QUERY_FAILED" ? ofStatement(error, before) : error;
  }
}

/** An error as one of the statement alone: without what was put before it, and in words where it would write. */
function ofStatement(error: OmopipeError, before: string): OmopipeError {
  const message = error.message.includes("read-only mode")
    ? "omopipe query only reads, and this statement would write. Change a warehouse with a client of DuckDB, or with warehouse.run in TypeScript."
    : error.message.replace(`LINE 1: ${before}`, "LINE 1: ").replace(`\n${" ".repeat(before.length)}`, "\n");
  return new OmopipeError(error.code, message, { ...error, cause: error.cause ?? error });
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
