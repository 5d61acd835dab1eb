import {
  type CsvFileMapping,
  type CsvMapping,
  type CsvValue,
  csvTableName,
  partsOf,
} from "../../schemas/csv-mapping.ts";
import { identifier, literal, sqlText } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { missingColumns } from "./csv-columns.ts";
import { applyCorrections } from "./csv-corrected-rows.ts";
import { checkExpressions } from "./csv-expressions.ts";
import { type CsvFile, landingColumns, landingTable } from "./csv-file.ts";
import { doesNotFit } from "./csv-mapping.ts";
import { type ReadContext, type RowCounts, readFile } from "./csv-read.ts";
import { rejectRows } from "./csv-rejects.ts";
import { csvRows } from "./csv-rows.ts";
import { keepCsvMapping, mappedCsvTables } from "./csv-tables.ts";
import { tryExpressions } from "./csv-try-expressions.ts";
import { conditionSql, valueSql } from "./csv-value.ts";
import { countLanding, registerFiles } from "./landing-files.ts";

export interface CsvLandingContext extends ReadContext {
  readonly mapping: CsvMapping;
  readonly onFile: () => void;
}

/** Lands all files, in the caller's transaction, and gives their numbers in `meta.file`. */
export async function landCsv(
  files: readonly CsvFile[],
  context: CsvLandingContext,
  unchanged: number,
): Promise<number[]> {
  const { warehouse, source, runId } = context;
  await registerFiles(
    warehouse,
    files.map(({ path, bytes }) => ({ source, path, bytes, format: "csv" })),
    runId,
  );
  // In this order: DuckDB refuses to commit a table that was changed in shape after it was changed in content.
  await keepMapping(files, context);
  await checkExpressions(warehouse, context.mapping, source);
  await forgetEarlierRows(warehouse);
  const hasCorrections = (await warehouse.row("select 1 from meta.csv_correction limit 1")) !== undefined;
  for (const file of files) {
    context.signal.throwIfAborted();
    await countRows(file, await landFile(file, context), warehouse);
    if (hasCorrections && file.mapping && !file.problem) await correct(file, context);
    context.onFile();
  }
  const names = new Set(files.filter(({ mapping }) => mapping).map(({ name }) => name));
  await tryExpressions(names, context.mapping, context);
  await tidy(names, context);
  await countLanding(context, "csvFiles", { landed: files.map(({ path }) => ({ source, path })), unchanged });
  const ids = await warehouse.rows<{ file_id: number }>("select file_id from landing_file order by file_id");
  await warehouse.run("drop table landing_file");
  return ids.map(({ file_id }) => file_id);
}

async function correct({ path }: CsvFile, context: CsvLandingContext): Promise<void> {
  const landed = await context.warehouse.row<{ file_id: number }>("select file_id from landing_file where path = $1", [
    path,
  ]);
  await applyCorrections(landed!.file_id, context.mapping, context);
}

async function landFile(file: CsvFile, context: CsvLandingContext): Promise<RowCounts> {
  if (file.mapping === undefined) return { read: file.records ?? 0, ignored: file.records ?? 0, quarantined: 0 };
  if (file.problem === undefined) {
    const { given, ...counts } = await readFile(file, context);
    if (given && given.size > 0) await checkGivenColumns(file, file.mapping, given, context);
    return counts;
  }
  await rejectRows(context.warehouse, file, [file.problem], context.runId);
  return { read: 1, ignored: 0, quarantined: 1 };
}

/** Throws CSV_MAPPING_INVALID when the mapping names a column that neither the file has nor its transform gave any row. */
async function checkGivenColumns(
  file: CsvFile,
  mapping: CsvFileMapping,
  given: ReadonlySet<string>,
  context: CsvLandingContext,
): Promise<void> {
  const columns = { ...file, mapping, header: [...file.header, ...given] };
  const missing = await missingColumns(context.warehouse, columns, () => undefined);
  if (missing.length === 0) return;
  throw doesNotFit(
    context.mapping,
    missing.map(({ file, path, message }) => ({ path: ["files", file, ...path], message })),
  );
}

async function forgetEarlierRows(warehouse: Warehouse): Promise<void> {
  const tables = await warehouse.rows<{ landing_table: string }>("select distinct landing_table from meta.csv_mapping");
  for (const { landing_table } of tables) {
    await warehouse.run(
      `delete from landing.${identifier(landing_table)} where landing_file in (select file_id from landing_file)`,
    );
  }
}

/**
 * Writes the mapping into the warehouse, so that its rows can be mapped again without the file it came from, and how each
 * file is written, so that rows of it can be corrected.
 */
async function keepMapping(files: readonly CsvFile[], context: CsvLandingContext): Promise<void> {
  const { warehouse, mapping, source, transform } = context;
  for (const file of files) {
    if (file.mapping === undefined) continue;
    const columns = landingColumns(file, transform !== undefined).map(
      (name) => `alter table ${landingTable(file)} add column if not exists ${identifier(name)} varchar;`,
    );
    await warehouse.run(
      `create table if not exists ${landingTable(file)} (landing_source varchar, landing_file integer, landing_row varchar, landing_line bigint);
       ${columns.join("\n")}`,
    );
    const dates = { ...mapping.dates, ...file.mapping.dates };
    const decimal = file.mapping.decimal ?? mapping.decimal;
    await keepCsvMapping(
      warehouse,
      { source, table: csvTableName(file.name), file: file.name, name: mapping.name },
      { ...file.mapping, ...(Object.keys(dates).length > 0 && { dates }), ...(decimal && { decimal }) },
    );
    await warehouse.run(
      `insert into meta.csv_layout
       select file_id, $2, $3, json_transform($4::json, '["VARCHAR"]'), $5 from landing_file where path = $1`,
      [file.path, file.name, file.delimiter, JSON.stringify(file.header), transform !== undefined],
    );
  }
}

async function countRows({ path, name }: CsvFile, counts: RowCounts, warehouse: Warehouse): Promise<void> {
  const { read, ignored, quarantined } = counts;
  await warehouse.run(
    `insert into meta.file_records
     select file_id, ${literal(name)}, ${read}, ${ignored}, ${quarantined}, 0 from landing_file where path = ${literal(path)}`,
  );
}

/** Leaves one record an id, and an id of its own to each row. */
export async function tidy(
  landed: ReadonlySet<string>,
  { warehouse, source }: Pick<ReadContext, "warehouse" | "source">,
): Promise<void> {
  const tables = (await mappedCsvTables(warehouse)).get(source) ?? [];
  const tableOf = (name: string) => tables.find(({ file }) => file === name);
  for (const { file, table, mapping } of tables.filter((each) => landed.has(each.file))) {
    const id = idOfRows(mapping);
    const { from: rows, columns } = csvRows(file, mapping, source, tableOf);
    const when = conditionSql(mapping.when, columns);
    const parts = {
      table,
      source: literal(source),
      file: literal(file),
      rows,
      id: `case when ${when} then ${valueSql(id, columns)} end`,
    };
    if (id !== undefined) await warehouse.run(sqlText(import.meta.url, "sql/csv-supersede.sql", parts));
    if (await mayRepeat(table, source, warehouse)) {
      await warehouse.run(sqlText(import.meta.url, "sql/csv-number.sql", parts));
    }
  }
}

/** Whether rows have the same content, or had: to number them takes three times as long as to look. */
async function mayRepeat(table: string, source: string, warehouse: Warehouse): Promise<boolean> {
  const found = await warehouse.row<{ repeated: boolean }>(
    `select
       count(*) > count(distinct hash(landing_row)) or coalesce(bool_or(contains(landing_row, '-')), false) as repeated
     from ${table}
     where landing_source = ${literal(source)}`,
  );
  return found!.repeated;
}

/** The id of the records that rows are, where each is one record and nothing else. */
export function idOfRows(mapping: CsvFileMapping): CsvValue | undefined {
  const { person, visit, provider, careSite, payerPlan } = mapping;
  return partsOf(mapping).length > 1 ? undefined : (person ?? visit ?? provider ?? careSite ?? payerPlan)?.id;
}
