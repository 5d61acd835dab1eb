import { columnTypes } from "../warehouse/json-structure.ts";
import { literal, literalList, sqlText } from "../warehouse/sql-text.ts";
import { type Changes, openChanges } from "./changes.ts";
import { type FileToLand, quarantine, registerFiles } from "./landing-files.ts";
import {
  directBytes,
  type FhirFile,
  groups,
  type LandingContext,
  type LandingPlan,
  largeBytes,
  ordinaryBytes,
} from "./landing-plan.ts";
import { type LandingTable, layoutOf } from "./landing-tables.ts";
import { findPatients, namePatients } from "./patients-by-identifier.ts";
import { stageDocument, stageLines, stageValue } from "./stage-carefully.ts";
import { countUnreadElements } from "./unread-elements.ts";

/**
 * Lands every file of the plan, in the caller's transaction. Throws when DuckDB's reader fails on a file;
 * `diagnose` then finds which one, and the transaction is run again with a new plan.
 */
export async function landFiles(plan: LandingPlan, context: LandingContext): Promise<void> {
  const { warehouse } = context;
  const landedTypes = literalList(context.tables.map(({ resourceType }) => resourceType));
  const sql = (file: string, parts: Record<string, string> = {}) =>
    sqlText(import.meta.url, `sql/${file}`, {
      run_id: literal(context.runId),
      landed_types: landedTypes,
      ...parts,
    });
  const run = (text: string) => warehouse.run(text, undefined, { signal: context.signal });

  await run(sql("begin.sql"));
  const layout = layoutOf(context.tables, context);
  const files: FileToLand[] = plan.files.map((file) => ({ ...file, layout }));
  if (plan.inMemory) files.push({ ...plan.inMemory, format: "document", bytes: 0 });
  const known = await registerFiles(warehouse, files, context.runId);
  const changes = await openChanges(context, known);
  if (known) await forgetEarlierRows(context, changes);

  const refused = new Set(plan.refused.map(({ path }) => path));
  const readable = plan.files.filter((file) => !refused.has(file.path));
  const byLine = readable.filter((file) => plan.byLine.has(file.path));
  const ndjson = readable.filter((file) => file.format === "ndjson" && !plan.byLine.has(file.path));
  const typeTables = new Map(context.tables.map((table) => [table.resourceType, table]));

  const direct = ndjson.filter((file) => typeTables.has(file.firstType ?? "") && !plan.staged.has(file.path));
  const mixed = ndjson.filter((file) => !direct.includes(file));
  for (const table of context.tables) {
    const ofType = direct.filter((file) => file.firstType === table.resourceType);
    for (const group of groups(ofType)) {
      const columns = columnTypes(table.structure);
      await run(
        sql("land-ndjson.sql", { table: table.table, columns, direct_bytes: String(directBytes), ...group.parts }),
      );
    }
    context.onFiles(ofType.length);
    mixed.push(...(await withOtherLines(table, ofType, context)));
  }
  for (const group of groups(mixed)) await run(sql("stage-ndjson.sql", group.parts));
  byLine.push(...(await withBadLines(mixed, context)));
  for (const file of byLine) await stageLines(file, context);

  const documents = readable.filter((file) => file.format === "document");
  for (const group of groups(await withoutHuge(documents, context))) {
    await run(sql("stage-documents.sql", group.parts));
    context.onFiles(group.files.length);
  }
  if (plan.inMemory) await stageValue(plan.inMemory.path, plan.inMemory.value, context);
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
  if (await warehouse.row("select 1 from staged_resource where full_url is not null limit 1")) {
    await run(sql("resolve-full-urls.sql"));
  }
  if (context.patientsByIdentifier) await namePatients(context);
  await countUnreadElements(context);
  const portions = await largePortions(context);
  const staged = await stagedTypes(context);
  for (const { resourceType, table, structure } of context.tables.filter((each) => staged.has(each.resourceType))) {
    const parts = { table, structure: literal(JSON.stringify(structure)), resource_type: literal(resourceType) };
    await run(sql("land-staged.sql", { ...parts, portion: `strlen(resource) <= ${largeBytes}` }));
    for (const portion of portions) await run(sql("land-staged.sql", { ...parts, portion }));
  }
  const landedDirectly = new Set(direct.map(({ firstType }) => firstType));
  const landed = context.tables.filter(
    (each) => staged.has(each.resourceType) || landedDirectly.has(each.resourceType),
  );
  await countRecords(landed, context);
  const removeFound = async (table: LandingTable, search: string, more: Record<string, string> = {}) => {
    const parts = { table: table.table, resource_type: literal(table.resourceType) };
    await run(sql(search, { ...parts, ...more }));
    await changes.remember(table, "rowid in (select row_number from superseded)");
    await run(sql("remove-superseded.sql", parts));
  };
  for (const table of await withVersions(landed, context)) {
    // The content is looked at only where it decides: to turn all of a record into text takes long.
    const content = (await hasEqualVersions(table, context)) ? contentOfVersion : "null";
    await removeFound(table, "supersede.sql", { content });
  }
  if (staged.has("(deletion)")) await run(sql("note-deletions.sql"));
  for (const table of await withDeletions(context)) await removeFound(table, "find-deleted.sql");
  if (context.patientsByIdentifier) await findPatients(context, landed, changes);
  await changes.record();
  await run("drop table staged_resource; drop table landing_file; drop table full_url_alias");
}

/** Stages documents of extraordinary size and gives those that remain to be staged. */
async function withoutHuge(documents: readonly FhirFile[], context: LandingContext): Promise<FhirFile[]> {
  const remaining: FhirFile[] = [];
  for (const file of documents) {
    if (file.documentBytes > ordinaryBytes && (await stageDocument(file, context))) context.onFiles(1);
    else remaining.push(file);
  }
  return remaining;
}

async function forgetEarlierRows({ warehouse, tables }: LandingContext, changes: Changes): Promise<void> {
  for (const table of tables) {
    const earlier = "landing_file in (select file_id from landing_file)";
    await changes.remember(table, earlier);
    await warehouse.run(`delete from ${table.table} where ${earlier}`);
  }
}

/**
 * Of the files landed as one type, those that held something else too, or resources without an id, which is made of all of
 * their content. What they landed is taken back.
 */
async function withOtherLines(
  { table, resourceType }: LandingTable,
  files: readonly FhirFile[],
  { warehouse }: LandingContext,
): Promise<FhirFile[]> {
  if (files.length === 0) return [];
  const other = `select distinct landing_file from ${table} where "resourceType" is distinct from ${literal(resourceType)} or id = ''`;
  const rows = await warehouse.rows<{ path: string }>(`select path from landing_file where file_id in (${other})`);
  if (rows.length === 0) return [];
  await warehouse.run(`delete from ${table} where landing_file in (${other})`);
  const paths = new Set(rows.map(({ path }) => path));
  return files.filter(({ path }) => paths.has(path));
}

/** Of the NDJSON files just staged, those with a line that is no resource. What they staged is taken back. */
async function withBadLines(files: readonly FhirFile[], { warehouse }: LandingContext): Promise<FhirFile[]> {
  if (files.length === 0) return [];
  const bad = "select distinct file_id from staged_resource where resource_type = ''";
  const rows = await warehouse.rows<{ path: string }>(`select path from landing_file where file_id in (${bad})`);
  if (rows.length === 0) return [];
  await warehouse.run(`delete from staged_resource where file_id in (${bad})`);
  const paths = new Set(rows.map(({ path }) => path));
  return files.filter(({ path }) => paths.has(path));
}

const portionBytes = 64_000_000;

/**
 * Large resources land a few at a time: DuckDB would hold two thousand of them at once, each several times over. Gives which,
 * as conditions.
 */
async function largePortions({ warehouse }: LandingContext): Promise<string[]> {
  const portions = await warehouse.rows<{ first: number; last: number }>(
    `select min(rowid) as first, max(rowid) as last
     from (
       select rowid, sum(strlen(resource)) over (order by rowid) // ${portionBytes} as portion
       from staged_resource where strlen(resource) > ${largeBytes}
     )
     group by portion order by first`,
  );
  return portions.map(({ first, last }) => `rowid between ${first} and ${last} and strlen(resource) > ${largeBytes}`);
}

/** The resource types that were staged, and `(deletion)`. */
async function stagedTypes({ warehouse }: LandingContext): Promise<ReadonlySet<string>> {
  const rows = await warehouse.rows<{ resource_type: string }>("select distinct resource_type from staged_resource");
  return new Set(rows.map(({ resource_type }) => resource_type));
}

/** Those of the landing tables in which one resource is there several times. */
async function withVersions(
  tables: readonly LandingTable[],
  { warehouse }: LandingContext,
): Promise<readonly LandingTable[]> {
  const several: LandingTable[] = [];
  for (const table of tables) {
    const found = await warehouse.row(
      `select 1 from ${table.table} group by landing_source, id having count(*) > 1 limit 1`,
    );
    if (found) several.push(table);
  }
  return several;
}

const contentOfVersion = "md5(concat_ws('|', *columns(version.* exclude (landing_file))))";

/** Whether of one resource there are two versions that say the same of their age. */
async function hasEqualVersions({ table }: LandingTable, { warehouse }: LandingContext): Promise<boolean> {
  const equal = await warehouse.row(
    `select 1
     from ${table}
     where id in (select id from ${table} where landing_file in (select file_id from landing_file))
     group by landing_source, id, try_cast(meta."lastUpdated" as timestamptz), try_cast(meta."versionId" as bigint)
     having count(*) > 1
     limit 1`,
  );
  return equal !== undefined;
}

/** The landing tables in which something may lie that its source has deleted. */
async function withDeletions({ warehouse, tables }: LandingContext): Promise<readonly LandingTable[]> {
  const rows = await warehouse.rows<{ resource_type: string }>(
    `select distinct split_part(name, '/', 1) as resource_type
     from meta.deletion where source in (select source from landing_file)`,
  );
  return tables.filter(({ resourceType }) => rows.some((row) => row.resource_type === resourceType));
}

async function countRecords(landed: readonly LandingTable[], { warehouse, tables }: LandingContext): Promise<void> {
  const records = [
    "select null::integer as landing_file, null::varchar as resource_type where false",
    ...landed.map(({ table, resourceType }) => `select landing_file, ${literal(resourceType)} from ${table}`),
  ].join(" union all ");
  const kept = literalList(tables.map(({ resourceType }) => resourceType));
  await warehouse.run(`
    insert into meta.file_records
    select landing_file, resource_type, count(*), 0, 0, 0
    from (${records}) where landing_file in (select file_id from landing_file) group by all
    union all
    select file_id, coalesce(resource_type, '(entry without resource)'), count(*), count(*), 0, 0
    from staged_resource
    where resource_type is distinct from '' and not list_contains(${kept}, coalesce(resource_type, ''))
    group by all
    union all
    select file_id, '(unreadable)', count(*), 0, count(*), 0
    from meta.quarantine where file_id in (select file_id from landing_file) group by all`);
}
