import { once } from "node:events";
import { type CsvFormatterStream, format } from "fast-csv";
import { OmopipeError } from "../pipeline/errors.ts";
import type { Row } from "../warehouse/values.ts";
import { openExisting } from "./run-pipeline.ts";
import { cellText, textTable } from "./table.ts";

/** `omopipe query`. */
export async function query(
  sql: string,
  options: { readonly warehouse: string; readonly format: string },
): Promise<void> {
  if (!["table", "csv", "json"].includes(options.format)) {
    throw new OmopipeError("USAGE", `There is no format ${options.format}; there are table, csv and json.`);
  }
  await using warehouse = await openExisting(options.warehouse);
  if (options.format === "table") {
    process.stdout.write(textTable(await warehouse.rows(sql)));
    return;
  }
  const csv: CsvFormatterStream<Row, Row> | undefined =
    options.format === "csv" ? format({ headers: true, alwaysWriteHeaders: true }) : undefined;
  csv?.pipe(process.stdout);
  for await (const rows of warehouse.stream<Row>(sql)) {
    for (const row of rows) {
      const more = csv
        ? csv.write(Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cellText(value)])))
        : process.stdout.write(`${JSON.stringify(row)}\n`);
      if (!more) await once(csv ?? process.stdout, "drain");
    }
  }
  csv?.end();
  if (csv) await once(csv, "end");
}
