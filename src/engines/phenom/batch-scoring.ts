import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { sqlText } from "../../warehouse/sql-text.ts";
import { charlsonGroupOf } from "../charlson/code-groups.ts";
import { charlsonHierarchy, charlsonWeights } from "../charlson/groups.ts";
import { type FileFault, faultsOf, readFile } from "./batch-files.ts";
import { BatchJob, type BatchTotals } from "./batch-job.ts";
import type { Upload } from "./batches.ts";
import type { ObjectStore, StoredObject } from "./object-store.ts";
import { standingOf } from "./reference-population.ts";
import type { RowDatabase } from "./rows.ts";

/** Scores the files of batches, one batch after the other. */
export interface BatchScoring {
  /** What stands against scoring these files: files that are no CSV, and required columns that are missing. */
  faultsOf(files: readonly Upload[]): Promise<FileFault[]>;
  /** Queues the scoring of frozen files. */
  start(files: readonly Upload[], outcomeIds: readonly string[]): BatchJob;
}

const rowsPerShard = 50_000;

export function createBatchScoring(database: RowDatabase, store: ObjectStore): BatchScoring {
  let last: Promise<unknown> = Promise.resolve();

  const score = async (job: BatchJob, files: readonly Upload[], outcomeIds: readonly string[]): Promise<void> => {
    const { schema } = job;
    const run = (file: string) => database.run(sqlText(import.meta.url, `sql/${file}.sql`, { job: schema }));
    const fill = async (table: string, rows: readonly object[]): Promise<void> => {
      if (rows[0] === undefined) return;
      await database.run(`insert into ${schema}.${table} by name ${fromJson(rows[0])}`, [JSON.stringify(rows)]);
    };

    job.status = "VALIDATING";
    const faults = await faultsOf(database, store, files);
    if (faults.length > 0) return job.fail(faults);

    job.status = "PREPROCESSING";
    await run("open-job");
    for (const [number, file] of files.entries()) {
      const fault = await readFile(database, store, schema, file, number);
      if (fault) return job.fail([fault]);
    }

    job.status = "INFERRING";
    await fill(
      "group_weight",
      Object.entries(charlsonWeights).map(([charlson_group, points]) => ({ charlson_group, points })),
    );
    await fill(
      "group_hierarchy",
      charlsonHierarchy.map(([lighter, heavier]) => ({ lighter, heavier })),
    );
    const codes = await database.rows<{ code: string; code_type: string }>(
      `select distinct code, code_type from ${schema}.event_row where kind = 'diagnoses' and fault is null`,
    );
    const grouped = codes.flatMap(({ code, code_type }) => {
      const charlson_group = charlsonGroupOf(code, code_type);
      return charlson_group ? [{ code, code_type, charlson_group }] : [];
    });
    await fill("diagnosis_group", grouped);
    await run("score-patients");
    const indexes = await database.rows<{ index: number }>(
      `select distinct index::integer as index from ${schema}.scored`,
    );
    await fill(
      "standing",
      indexes.map(({ index }) => ({ index, ...standingOf(index) })),
    );
    await fill(
      "outcome",
      outcomeIds.map((outcome_id, number) => ({ position: number + 1, outcome_id })),
    );
    await run("result");

    job.status = "POSTPROCESSING";
    const [totals] = await database.rows<BatchTotals>(`select columns(*)::integer from ${schema}.metrics`);
    const shards = await writeShards(job, totals!.scored * outcomeIds.length);
    job.succeed(totals!, shards);
  };

  const writeShards = async ({ jobId, schema }: BatchJob, rows: number): Promise<StoredObject[]> => {
    const shards: StoredObject[] = [];
    for (let first = 1; first <= rows; first += rowsPerShard) {
      const key = `results/${jobId}/part-${String(shards.length + 1).padStart(4, "0")}.csv`;
      const path = store.pathOf(key);
      await mkdir(dirname(path), { recursive: true });
      await database.run(
        `copy (
           select * exclude (position) from ${schema}.result
           where position between ${first} and ${first + rowsPerShard - 1} order by position
         ) to '${path.replaceAll("'", "''")}' (format csv, header)`,
      );
      shards.push(await store.adopt(key));
    }
    return shards;
  };

  return {
    faultsOf: (files) => faultsOf(database, store, files),
    start(files, outcomeIds) {
      const job = new BatchJob(`job_${randomUUID()}`, outcomeIds, database, store);
      last = last
        .then(() => score(job, files, outcomeIds))
        .catch(() => job.fail([]))
        .then(() => job.clearAway())
        // Where the engine is being closed, all is removed anyway.
        .catch(() => {});
      return job;
    },
  };
}

/** Rows of numbers and texts, sent as one JSON text, as a select. */
function fromJson(example: object): string {
  const structure = Object.fromEntries(
    Object.entries(example).map(([name, value]) => [name, typeof value === "number" ? "DOUBLE" : "VARCHAR"]),
  );
  return `select unnest(json_transform($1, '${JSON.stringify([structure])}'), recursive => true)`;
}
