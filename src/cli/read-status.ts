import { OmopipeError } from "../pipeline/errors.ts";
import type { Row } from "../warehouse/values.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";

/** A run, as `omopipe status` tells of it. */
export interface RunStatus {
  readonly run_id: string;
  readonly stages: readonly string[];
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly seconds: number | null;
  readonly status: "running" | "done" | "failed" | "aborted";
  /** Where a run stopped that is not done; null too where an earlier release wrote it down. */
  readonly stage: string | null;
  readonly message: string | null;
  /** What its stages warned of. Of a run that was killed nothing is known. */
  readonly warnings: readonly string[];
  /** What its stages counted, by stage. */
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** What `omopipe status --format json` prints. */
export interface WarehouseStatus {
  readonly warehouse: string;
  /** The last first. */
  readonly runs: readonly RunStatus[];
  /** What the files of each source gave when they were last read. */
  readonly files: readonly Row[];
  /** What the next run has to do beside reading what is new. */
  readonly pending: {
    /** Records have landed and nothing is mapped, or by rules that no longer hold. */
    readonly mapping: boolean;
    /** Patients whose records have changed since they were mapped, and records of no patient that have. */
    readonly patients: number;
    readonly others: number;
  };
}

/** Reads what a warehouse knows of its runs. To be opened for reading: what still counts as running was killed then. */
export async function readStatus(warehouse: Warehouse): Promise<WarehouseStatus> {
  const found = await warehouse.rows<{ name: string }>(
    "select table_name as name from duckdb_tables() where database_name = 'warehouse' and schema_name = 'meta'",
  );
  const tables = new Set(found.map(({ name }) => name));
  if (!tables.has("setting")) {
    throw new OmopipeError("INPUT_NOT_FOUND", `${warehouse.path} is a DuckDB file, but no warehouse of omopipe.`);
  }
  return {
    warehouse: warehouse.path,
    runs: tables.has("run") ? await readRuns(warehouse, tables) : [],
    files: tables.has("file") ? await warehouse.rows(filesOfSources) : [],
    pending: await readPending(warehouse, tables),
  };
}

async function readRuns(warehouse: Warehouse, tables: ReadonlySet<string>): Promise<RunStatus[]> {
  const runs = await warehouse.rows<RunStatus>(
    "select *, round(epoch(ended_at - started_at), 1) as seconds from meta.run order by started_at desc, run_id",
  );
  const warnings = tables.has("run_warning")
    ? await warehouse.rows<{ run_id: string; message: string }>("from meta.run_warning order by rowid")
    : [];
  const counts = tables.has("run_count")
    ? await warehouse.rows<{ run_id: string; stage: string; counted: string; count: number }>(
        "select run_id, stage, counted, sum(count)::bigint as count from meta.run_count group by all order by min(rowid)",
      )
    : [];
  return runs.map((run) => {
    const byStage: Record<string, Record<string, number>> = {};
    for (const { stage, counted: what, count } of counts.filter(({ run_id }) => run_id === run.run_id)) {
      byStage[stage] = { ...byStage[stage], [what]: count };
    }
    const killed = run.status === "running" ? killedRun : {};
    const warned = warnings.filter(({ run_id }) => run_id === run.run_id).map(({ message }) => message);
    return { ...run, stage: run.stage ?? null, ...killed, warnings: warned, counts: byStage };
  });
}

const killedRun = { status: "aborted", message: "the process ended before the run did" } as const;

const filesOfSources = `
  select
    source,
    count(*) as files,
    coalesce(sum(read), 0)::bigint as read,
    coalesce(sum(ignored), 0)::bigint as ignored,
    coalesce(sum(quarantined), 0)::bigint as quarantined,
    coalesce(sum(superseded), 0)::bigint as superseded,
    max(loaded_at) as last_read
  from meta.file
  left join (
    select
      file_id, sum(read) as read, sum(ignored) as ignored, sum(quarantined) as quarantined, sum(superseded) as superseded
    from meta.file_records group by file_id
  ) using (file_id)
  group by source order by source`;

async function readPending(warehouse: Warehouse, tables: ReadonlySet<string>): Promise<WarehouseStatus["pending"]> {
  // All that was mapped before it was forgotten is mapped.
  const isMapped = await warehouse.row("select 1 from meta.setting where name in ('mapping', 'landing')");
  const hasFiles = tables.has("file") && (await warehouse.row("select 1 from meta.file limit 1")) !== undefined;
  const changed = tables.has("change")
    ? await warehouse.row<{ patients: number; others: number }>(
        `select
           count(distinct (source, patient_id)) filter (patient_id is not null) as patients,
           count(distinct (source, resource_type, resource_id)) filter (patient_id is null and resource_id is not null) as others
         from meta.change`,
      )
    : undefined;
  return {
    mapping: hasFiles && !isMapped,
    patients: changed?.patients ?? 0,
    others: changed?.others ?? 0,
  };
}
