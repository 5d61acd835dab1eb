import type { RunLedger } from "../pipeline/pipeline.ts";
import type { Warehouse } from "./warehouse.ts";

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
    async end({ runId, status, message }) {
      await warehouse.run("update meta.run set ended_at = $2::timestamp, status = $3, message = $4 where run_id = $1", [
        runId,
        new Date().toISOString(),
        status,
        message ?? null,
      ]);
    },
  };
}
