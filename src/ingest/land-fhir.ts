import { messageOf } from "../pipeline/errors.ts";
import { literal, literalList, pathLiteral, sqlText } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { quarantine, registerFiles } from "./landing-files.ts";
import type { LandingTable } from "./landing-tables.ts";
import { problemOfDocument, problemOfLine, type Refused } from "./quarantine.ts";
import { readLines } from "./read-lines.ts";
import type { SniffedFile } from "./sniff-file.ts";

/** Which way each file goes: the fast ways first, the careful ones for files that need them. */
export interface LandingPlan {
  readonly files: readonly SniffedFile[];
  /** Files that are read line by line in JavaScript, because DuckDB's reader gives up on them. */
  readonly byLine: ReadonlySet<string>;
  /** Files that cannot be read at all. */
  readonly refused: readonly Refused[];
}

export interface LandingContext {
  readonly warehouse: Warehouse;
  readonly tables: readonly LandingTable[];
  readonly source: string;
  readonly runId: string;
  readonly signal: AbortSignal;
  readonly onFiles: (done: number) => void;
}

const defaultObjectBytes = 16_777_216;

/**
 * Lands every file of the plan, in the caller's transaction. Throws when DuckDB's reader fails on a file;
 * {@link diagnose} then finds which one, and the transaction is run again with a new plan.
 */
export async function landFiles(plan: LandingPlan, context: LandingContext): Promise<void> {
  const { warehouse } = context;
  const landedTypes = literalList(context.tables.map(({ resourceType }) => resourceType));
  const sql = (file: string, parts: Record<string, string> = {}) =>
    sqlText(import.meta.url, `sql/${file}`, {
      source: literal(context.source),
      run_id: literal(context.runId),
      landed_types: landedTypes,
      ...parts,
    });
  const run = (text: string) => warehouse.run(text, undefined, { signal: context.signal });

  await run(sql("begin.sql"));
  await registerFiles(warehouse, plan.files, context);
  await forgetEarlierRows(context);

  const refused = new Set(plan.refused.map(({ path }) => path));
  const readable = plan.files.filter((file) => !refused.has(file.path));
  const byLine = readable.filter((file) => plan.byLine.has(file.path));
  const ndjson = readable.filter((file) => file.format === "ndjson" && !plan.byLine.has(file.path));
  const typeTables = new Map(context.tables.map((table) => [table.resourceType, table]));

  const mixed = ndjson.filter((file) => !typeTables.has(file.firstType ?? ""));
  for (const table of context.tables) {
    const ofType = ndjson.filter((file) => file.firstType === table.resourceType);
    for (const group of groups(ofType)) {
      const parts = { table: table.table, structure: literal(JSON.stringify(table.structure)), ...group.parts };
      await run(sql("land-ndjson.sql", parts));
    }
    context.onFiles(ofType.length);
    mixed.push(...(await withOtherLines(table, ofType, context)));
  }
  for (const group of groups(mixed)) await run(sql("stage-ndjson.sql", group.parts));
  byLine.push(...(await withBadLines(mixed, context)));
  for (const file of byLine) await stageLines(file, context);

  for (const group of groups(readable.filter((file) => file.format === "document"))) {
    await run(sql("stage-documents.sql", group.parts));
    context.onFiles(group.files.length);
  }
  await quarantine(warehouse, plan.refused, context.runId);
  await run(`insert into meta.quarantine select file_id, null, null, 'NOT_FHIR',
    'the JSON is no FHIR resource: it is no object with a resourceType', ${literal(context.runId)}
    from staged_resource where resource_type = '' and bundle is null`);

  while (await warehouse.row("select 1 from staged_resource where resource_type = 'Bundle' limit 1")) {
    await run(sql("unpack-bundles.sql"));
  }
  await run(`insert into meta.quarantine select file_id, null, null, 'NOT_FHIR',
    'an entry of a Bundle holds no FHIR resource', ${literal(context.runId)}
    from staged_resource where resource_type = '' and bundle is not null`);
  await run(sql("resolve-full-urls.sql"));
  for (const { resourceType, table, structure } of context.tables) {
    const parts = { table, structure: literal(JSON.stringify(structure)), resource_type: literal(resourceType) };
    await run(sql("land-staged.sql", parts));
  }
  await countRecords(context);
  for (const { table, resourceType } of context.tables) {
    await run(sql("supersede.sql", { table, resource_type: literal(resourceType) }));
  }
  await run("drop table staged_resource; drop table landing_file");
}

/** Reads each file alone, outside any transaction, and finds the ones that DuckDB's reader cannot take. */
export async function diagnose(plan: LandingPlan, context: LandingContext): Promise<LandingPlan> {
  const byLine = new Set(plan.byLine);
  const refused = [...plan.refused];
  const known = new Set([...byLine, ...refused.map(({ path }) => path)]);
  for (const file of plan.files.filter(({ path }) => !known.has(path))) {
    const [group] = groups([file]);
    const read =
      file.format === "ndjson"
        ? `read_ndjson_objects(${group!.parts.files}, ignore_errors => true, compression => ${group!.parts.compression})`
        : `read_json_objects(${group!.parts.files}, format => 'unstructured', compression => ${group!.parts.compression},
             maximum_object_size => ${group!.parts.maximum_object_size})`;
    try {
      await context.warehouse.run(`select count(json) from ${read}`, undefined, { signal: context.signal });
    } catch (error) {
      context.signal.throwIfAborted();
      if (file.format === "ndjson") byLine.add(file.path);
      else refused.push(problemOfDocument(file.path, messageOf(error)));
    }
  }
  return { ...plan, byLine, refused };
}

/** Files that one statement can read together: packed alike, and of ordinary size. A huge document is read alone. */
function groups(files: readonly SniffedFile[]) {
  const huge = files.filter((file) => file.documentBytes > defaultObjectBytes && file.format === "document");
  const ordinary = files.filter((file) => !huge.includes(file));
  const sets = [
    ordinary.filter((file) => file.gzip),
    ordinary.filter((file) => !file.gzip),
    ...huge.map((file) => [file]),
  ];
  return sets
    .filter((set) => set.length > 0)
    .map((set) => ({
      files: set,
      parts: {
        files: `[${set.map(({ path }) => pathLiteral(path)).join(", ")}]`,
        compression: set[0]!.gzip ? "'gzip'" : "'uncompressed'",
        maximum_object_size: String(Math.max(defaultObjectBytes, ...set.map((file) => file.documentBytes + 1))),
      },
    }));
}

async function forgetEarlierRows({ warehouse, tables }: LandingContext): Promise<void> {
  for (const { table } of tables) {
    await warehouse.run(`delete from ${table} where landing_file in (select file_id from landing_file)`);
  }
}

/** Of the files landed as one type, those that held something else too. What they landed is taken back. */
async function withOtherLines(
  { table, resourceType }: LandingTable,
  files: readonly SniffedFile[],
  { warehouse }: LandingContext,
): Promise<SniffedFile[]> {
  if (files.length === 0) return [];
  const other = `select distinct landing_file from ${table} where "resourceType" is distinct from ${literal(resourceType)}`;
  const rows = await warehouse.rows<{ path: string }>(`select path from landing_file where file_id in (${other})`);
  if (rows.length === 0) return [];
  await warehouse.run(`delete from ${table} where landing_file in (${other})`);
  const paths = new Set(rows.map(({ path }) => path));
  return files.filter(({ path }) => paths.has(path));
}

/** Of the NDJSON files just staged, those with a line that is no resource. What they staged is taken back. */
async function withBadLines(files: readonly SniffedFile[], { warehouse }: LandingContext): Promise<SniffedFile[]> {
  if (files.length === 0) return [];
  const bad = "select distinct file_id from staged_resource where resource_type = ''";
  const rows = await warehouse.rows<{ path: string }>(`select path from landing_file where file_id in (${bad})`);
  if (rows.length === 0) return [];
  await warehouse.run(`delete from staged_resource where file_id in (${bad})`);
  const paths = new Set(rows.map(({ path }) => path));
  return files.filter(({ path }) => paths.has(path));
}

/** The careful way: every line is looked at alone, so that a bad one is named by its number and costs no other. */
async function stageLines(file: SniffedFile, context: LandingContext): Promise<void> {
  const { warehouse } = context;
  for await (const lines of readLines(file.path, file.gzip, context.signal)) {
    const texts = lines.filter((line) => "text" in line);
    const refused: Refused[] = lines.flatMap((line) => ("text" in line ? [] : [{ path: file.path, ...line }]));
    const accepted: string[] = [];
    for (const { line, text } of texts) {
      if (isResource(text)) accepted.push(text);
      else refused.push({ path: file.path, line, ...problemOfLine(text) });
    }
    await warehouse.run(
      `insert into staged_resource
       select (select file_id from landing_file where path = $2), null, null, resource ->> '$.resourceType', resource
       from (select unnest(json_extract($1::json, '$[*]')) as resource)`,
      [`[${accepted.join(",")}]`, file.path],
    );
    await quarantine(warehouse, refused, context.runId);
  }
}

function isResource(text: string): boolean {
  try {
    const value = JSON.parse(text) as { resourceType?: unknown } | null;
    return typeof value?.resourceType === "string" && value.resourceType !== "" && !Array.isArray(value);
  } catch {
    return false;
  }
}

async function countRecords({ warehouse, tables }: LandingContext): Promise<void> {
  const landed = tables
    .map(({ table, resourceType }) => `select landing_file, ${literal(resourceType)} as resource_type from ${table}`)
    .join(" union all ");
  const kept = literalList(tables.map(({ resourceType }) => resourceType));
  await warehouse.run(`
    insert into meta.file_records
    select landing_file, resource_type, count(*), 0, 0, 0
    from (${landed}) where landing_file in (select file_id from landing_file) group by all
    union all
    select file_id, coalesce(resource_type, '(entry without resource)'), count(*), count(*), 0, 0
    from staged_resource
    where resource_type is distinct from '' and not list_contains(${kept}, coalesce(resource_type, ''))
    group by all
    union all
    select file_id, '(unreadable)', count(*), 0, count(*), 0
    from meta.quarantine where file_id in (select file_id from landing_file) group by all`);
}
