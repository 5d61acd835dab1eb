import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Fate, type RunReport, runReportSchema } from "../../schemas/report.ts";
import type { Filled } from "../omop/map-to-omop.ts";
import { OmopipeError } from "../pipeline/errors.ts";
import type { Stage } from "../pipeline/stage.ts";
import { vocabularyVersion } from "../vocabulary/load-vocabulary.ts";
import { mustBeLocal } from "../warehouse/places.ts";
import { literal, sqlText } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";

const parts = ["mapped", "reference", "ignored", "dropped", "superseded", "quarantined"] as const;
const none: Fate = { read: 0, mapped: 0, reference: 0, ignored: 0, dropped: 0, superseded: 0, quarantined: 0 };

type FateRow = Fate & { file_id: number; resource_type: string };

/**
 * What became of every record of a run: read from the books of ingest and mapping, which are kept apart, and held
 * against each other. Throws when a record is not accounted for, because that would be a fault of omopipe.
 */
export async function createRunReport(warehouse: Warehouse, mapped: Filled): Promise<RunReport> {
  const sql = (file: string) => sqlText(import.meta.url, `sql/${file}`, { files: `[${mapped.files.join(", ")}]` });
  const rows = await warehouse.rows<FateRow>(sql("fates.sql"));
  for (const row of rows) checkSum(row, `${row.resource_type} of file ${row.file_id}`);
  const summary = (await warehouse.row<Omit<RunReport["summary"], "off_vocab_rate">>(sql("summary.sql")))!;
  const off = summary.codes_normalized + summary.codes_unmapped;
  const all = off + summary.codes_already_standard;
  return runReportSchema.parse({
    run_id: mapped.runId,
    vocab_version: await vocabularyVersion(warehouse),
    resources: { ...total(rows), by_type: groupTotals(rows, ({ resource_type }) => resource_type) },
    tables: mapped.tables,
    dropped: await warehouse.rows(
      `select resource_type, reason, count(*) as count from mapping.dropped
       where whole_record and list_contains([${mapped.files.join(", ")}], file_id)
       group by all order by count desc, resource_type, reason`,
    ),
    dropped_parts: await warehouse.rows(
      `select resource_type, reason, count(*) as count
       from mapping.dropped
       anti join (from mapping.dropped where whole_record) whole using (file_id, resource_type, resource_id)
       where list_contains([${mapped.files.join(", ")}], file_id)
       group by all order by count desc, resource_type, reason`,
    ),
    implausible: await warehouse.rows(
      `select cdm_table, problem, count(*) as rows from mapping.implausible
       group by all order by rows desc, cdm_table, problem`,
    ),
    unread_elements: await warehouse.rows(
      `select resource_type, element, expected, found, sum(records)::bigint as records from meta.unread_element
       where list_contains([${mapped.files.join(", ")}], file_id)
       group by all order by records desc, resource_type, element, found`,
    ),
    summary: { ...summary, off_vocab_rate: all === 0 ? 0 : off / all },
    files: await filesOf(warehouse, mapped.files, rows),
  });
}

/**
 * Writes `report.json` into a folder, and where rows of CSV files were put aside, `rejects.csv`: with file, line, column, value
 * and reason, and the rows as they stand there, to be corrected and given to `csvFiles`. It holds patient data, as its source
 * does.
 *
 * @example
 * await pipeline(fhirFiles("bundles/"), mapToOmop(), parquet("out/"), runReport("out/")).run(warehouse);
 */
export function runReport(folder: string): Stage<Filled, void, Warehouse> {
  mustBeLocal("report.json is written", folder);
  return {
    name: "runReport",
    async execute(mapped, { target: warehouse }) {
      const report = await createRunReport(warehouse, mapped);
      await mkdir(folder, { recursive: true });
      const path = join(folder, "report.json");
      await writeFile(`${path}.tmp`, `${JSON.stringify(report, null, 2)}\n`);
      await rename(`${path}.tmp`, path);
      await writeRejects(warehouse, mapped, join(folder, "rejects.csv"));
    },
  };
}

async function writeRejects(warehouse: Warehouse, { files }: Filled, path: string): Promise<void> {
  const list = `[${files.join(", ")}]`;
  const any = await warehouse.row(`select 1 from meta.csv_reject where list_contains(${list}, file_id) limit 1`);
  if (any === undefined) return await rm(path, { force: true });
  const parts = { files: list, path: literal(`${path}.tmp`) };
  await warehouse.run(sqlText(import.meta.url, "sql/rejects.sql", parts));
  await rename(`${path}.tmp`, path);
}

async function filesOf(
  warehouse: Warehouse,
  files: readonly number[],
  rows: readonly FateRow[],
): Promise<RunReport["files"]> {
  const fates = groupTotals(rows, ({ file_id }) => String(file_id));
  const known = await warehouse.rows<{ file_id: number; path: string; format: string; problems: string[] }>(
    `select file_id, path, format, coalesce(problems, []) as problems
     from meta.file
     left join (
       select
         file_id,
         (list(coalesce('line ' || line || ': ', 'byte ' || byte || ': ', '') || reason
           order by line, byte, reason))[1:10] as problems
       from meta.quarantine group by file_id
     ) using (file_id)
     where list_contains([${files.join(", ")}], file_id) order by path`,
  );
  return known.map(({ file_id, path, format, problems }) => ({
    path,
    format,
    ...(fates[String(file_id)] ?? none),
    problems,
  }));
}

function total(rows: readonly Fate[]): Fate {
  const sum = { ...none };
  for (const row of rows) for (const key of ["read", ...parts] as const) sum[key] += row[key];
  return sum;
}

function groupTotals(rows: readonly FateRow[], keyOf: (row: FateRow) => string): Record<string, Fate> {
  const groups = new Map<string, FateRow[]>();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return Object.fromEntries(
    [...groups].sort(([a], [b]) => a.localeCompare(b)).map(([key, group]) => [key, total(group)]),
  );
}

function checkSum(fate: Fate, what: string): void {
  const accounted = parts.reduce((sum, part) => sum + fate[part], 0);
  if (accounted === fate.read) return;
  throw new OmopipeError(
    "STAGE_FAILED",
    `${what}: ${fate.read} records were read but ${accounted} are accounted for. This is a fault of omopipe; please report it.`,
  );
}
