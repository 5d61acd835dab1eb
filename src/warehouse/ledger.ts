import type { RunLedger } from "../pipeline/pipeline.ts";
import { literal } from "./sql-text.ts";
import type { Warehouse } from "./warehouse.ts";

/** Keeps what a stage counted with its run: `{ files: 3, read: 1633, quarantined: 0 }`. `omopipe status` shows it. */
export async function countInRun(
  { target: warehouse, runId }: { readonly target: Pick<Warehouse, "run">; readonly runId: string },
  stage: string,
  counts: Readonly<Record<string, number>>,
): Promise<void> {
  const rows = Object.entries(counts).map(([counted, count]) => `($1, $2, ${literal(counted)}, ${count})`);
  await warehouse.run(`insert into meta.run_count values ${rows.join(", ")}`, [runId, stage]);
}

/** The run ledger of a warehouse: one row of `meta.run` a run. Written outside the run's own transactions. */
export function createLedger(warehouse: Pick<Warehouse, "run">): RunLedger {
  return {
    async begin({ runId, stages, startedAt }) {
      // A writer holds the file alone, so a run that still counts as running was killed.
      await warehouse.run(
        "update meta.run set status = 'aborted', message = 'the process ended before the run did' where status = 'running'",
      );
      await warehouse.run(
        `insert into meta.run (run_id, stages, started_at, status)
         select $1, from_json($2, '["VARCHAR"]'), $3::timestamp, 'running'`,
        [runId, JSON.stringify(stages), startedAt.toISOString()],
      );
    },
    async enter({ runId, stage }) {
      await warehouse.run("update meta.run set stage = $2 where run_id = $1", [runId, stage]);
    },
    async end({ runId, status, message, stage, warnings }) {
      await warehouse.run(`insert into meta.run_warning select $1, unnest(from_json($2, '["VARCHAR"]'))`, [
        runId,
        JSON.stringify(warnings),
      ]);
      await warehouse.run(
        `update meta.run
         set ended_at = $2::timestamp, status = $3, message = $4, stage = case when $3 <> 'done' then coalesce($5, stage) end
         where run_id = $1`,
        [runId, new Date().toISOString(), status, message ?? null, stage ?? null],
      );
    },
  };
}
