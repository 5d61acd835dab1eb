import { basename } from "node:path";
import { type CsvFileMapping, type CsvMapping, csvFileKey, csvTableName } from "../../schemas/csv-mapping.ts";
import { identifier, literal, pathLiteral, sqlText } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { rejectedRows } from "./csv-rejects.ts";
import type { ScannedCsv } from "./csv-scan.ts";
import { valueSql } from "./csv-value.ts";
import { countLanding, quarantine, registerFiles } from "./landing-files.ts";
import type { Problem, Refused } from "./quarantine.ts";

/** A file, and what the mapping says of it. */
export interface CsvFile extends ScannedCsv {
  /** Its name in the mapping, or where the mapping does not name it, its own: "conditions.csv". */
  readonly name: string;
  /** Undefined: the rows are counted and ignored. */
  readonly mapping: CsvFileMapping | undefined;
}

export interface CsvLandingContext {
  readonly warehouse: Warehouse;
  readonly mapping: CsvMapping;
  readonly source: string;
  readonly runId: string;
  readonly signal: AbortSignal;
  readonly onFile: () => void;
}

/** Gives a file its place in the mapping. */
export function placeInMapping(file: ScannedCsv, mapping: CsvMapping): CsvFile {
  const key = csvFileKey(basename(file.path));
  const name = Object.keys(mapping.files).find((candidate) => csvFileKey(candidate) === key);
  return { ...file, name: name ?? key, mapping: name === undefined ? undefined : mapping.files[name] };
}

/** Lands all files, in the caller's transaction, and gives their numbers in `meta.file`. */
export async function landCsv(files: readonly CsvFile[], context: CsvLandingContext): Promise<number[]> {
  const { warehouse } = context;
  await registerFiles(
    warehouse,
    files.map(({ path, bytes }) => ({ path, bytes, format: "csv" })),
    context,
  );
  // In this order: DuckDB refuses to commit a table that was changed in shape after it was changed in content.
  await keepMapping(files, context);
  await forgetEarlierRows(warehouse);
  for (const file of files) {
    context.signal.throwIfAborted();
    if (file.mapping === undefined) await countRows(file, { read: file.records, ignored: file.records }, warehouse);
    else if (file.problem) await refuseFile(file, file.problem, context);
    else await landFile(file, context);
    context.onFile();
  }
  const landed = new Map(files.flatMap(({ name, mapping }) => (mapping ? [[name, mapping]] : [])));
  for (const [name, mapping] of landed) await tidy(name, mapping, context);
  await countLanding(context, "csvFiles", { landed: files.map(({ path }) => path), unchanged: 0 });
  const ids = await warehouse.rows<{ file_id: number }>("select file_id from landing_file order by file_id");
  await warehouse.run("drop table landing_file");
  return ids.map(({ file_id }) => file_id);
}

async function forgetEarlierRows(warehouse: Warehouse): Promise<void> {
  const tables = await warehouse.rows<{ landing_table: string }>("select distinct landing_table from meta.csv_mapping");
  for (const { landing_table } of tables) {
    await warehouse.run(
      `delete from landing.${identifier(landing_table)} where landing_file in (select file_id from landing_file)`,
    );
  }
}

/** Writes the mapping into the warehouse, so that its rows can be mapped again without the file it came from. */
async function keepMapping(
  files: readonly CsvFile[],
  { warehouse, mapping, source }: CsvLandingContext,
): Promise<void> {
  for (const file of files) {
    if (file.mapping === undefined) continue;
    const table = csvTableName(file.name);
    const columns = file.header.map(
      (name) => `alter table ${landingTable(file)} add column if not exists ${identifier(name)} varchar;`,
    );
    await warehouse.run(
      `create table if not exists ${landingTable(file)} (landing_source varchar, landing_file integer, landing_row varchar);
       ${columns.join("\n")}
       delete from meta.csv_mapping where source = ${literal(source)} and landing_table = ${literal(table)};`,
    );
    await warehouse.run("insert into meta.csv_mapping values ($1, $2, $3, $4, $5::json)", [
      source,
      table,
      file.name,
      mapping.name,
      JSON.stringify(file.mapping),
    ]);
  }
}

async function landFile(file: CsvFile, { warehouse, source, runId, signal }: CsvLandingContext): Promise<void> {
  const names = file.header.toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  const land = sqlText(import.meta.url, "sql/csv-land.sql", {
    table: landingTable(file),
    source: literal(source),
    file_id: `(select file_id from landing_file where path = ${literal(file.path)})`,
    content: names.map((name) => `${literal(`${name.toLowerCase()}=`)} || ${identifier(name)}`).join(", "),
    path: pathLiteral(file.path),
    columns: `{${file.header.map((name) => `${literal(name)}: 'varchar'`).join(", ")}}`,
    delimiter: literal(file.delimiter),
    compression: file.gzip ? "'gzip'" : "'none'",
  });
  await warehouse.run(land, undefined, { signal });
  const accepted = (await warehouse.row<{ rows: number }>(
    `select count(*) as rows from ${landingTable(file)}
     where landing_file = (select file_id from landing_file where path = ${literal(file.path)})`,
  ))!.rows;
  const rejected = await rejectedRows(warehouse, file, signal);
  const read = Math.max(file.records, accepted + rejected.length);
  const lost = read - accepted - rejected.length;
  const reason = `${lost} more rows could not be told apart, because quotes are broken`;
  await quarantine(
    warehouse,
    lost === 0 ? rejected : [...rejected, { path: file.path, code: "BROKEN_QUOTE", reason }],
    runId,
  );
  await countRows(file, { read, quarantined: read - accepted }, warehouse);
}

async function refuseFile(file: CsvFile, problem: Problem, { warehouse, runId }: CsvLandingContext): Promise<void> {
  const refused: Refused = { path: file.path, ...problem };
  await quarantine(warehouse, [refused], runId);
  await countRows(file, { read: 1, quarantined: 1 }, warehouse);
}

async function countRows(
  { path, name }: CsvFile,
  { read, ignored = 0, quarantined = 0 }: { read: number; ignored?: number; quarantined?: number },
  warehouse: Warehouse,
): Promise<void> {
  await warehouse.run(
    `insert into meta.file_records
     select file_id, ${literal(name)}, ${read}, ${ignored}, ${quarantined}, 0 from landing_file where path = ${literal(path)}`,
  );
}

/** Leaves one record an id, and an id of its own to each row. */
async function tidy(name: string, { person, visit }: CsvFileMapping, { warehouse, source }: CsvLandingContext) {
  const table = landingTable({ name });
  const columns = new Set((await warehouse.columns(table)).map((column) => column.name.toLowerCase()));
  const id = person?.id ?? visit?.id;
  const parts = { table, source: literal(source), file: literal(name), id: valueSql(id, columns) };
  if (id !== undefined) await warehouse.run(sqlText(import.meta.url, "sql/csv-supersede.sql", parts));
  await warehouse.run(sqlText(import.meta.url, "sql/csv-number.sql", parts));
}

function landingTable({ name }: Pick<CsvFile, "name">): string {
  return `landing.${identifier(csvTableName(name))}`;
}
