import type { Histories } from "../features/patient-histories.ts";
import { OmopipeError } from "../pipeline/errors.ts";
import type { Stage, StageContext } from "../pipeline/stage.ts";
import { countInRun } from "../warehouse/ledger.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { openBatches } from "./score-batch.ts";
import { scoreSingly } from "./score-singly.ts";
import type { Scorer } from "./scorer.ts";
import { openLedger } from "./scoring-ledger.ts";

/** What scoring gives to the next stage: `results.risk_score` is filled. */
export interface Scored extends Omit<Histories, "stage"> {
  readonly stage: "scored";
  /** Persons who were scored now. */
  readonly scored: number;
  /** Persons whose history is as it was when they were scored last; they were not asked for. */
  readonly unchanged: number;
  /** Persons whom the service does not score; see `results.scoring_exclusion`. */
  readonly refused: number;
  /** Persons without a score: see `results.scoring_error`. */
  readonly failed: number;
}

/**
 * Has histories scored by a service and stores the scores in `results.risk_score` (those of the same person, outcome and day
 * are replaced), those whom it excludes in `results.scoring_exclusion`, and those whom it could not score in
 * `results.scoring_error`. Whose history is as it was when scored last is not asked for. What is asked is written down before
 * (`meta.scoring`), so that a run that ended anywhere, killed or stopped, is gone on with by the next: nobody is lost, and
 * nobody is scored twice.
 *
 * One call a person, or files of many, as the scorer says. When the service refuses the token or the address (401, 403, 404), or
 * nobody could be scored, the run fails, and keeps the scores that it was given. Throws USAGE for a scorer with an empty list of outcomes.
 *
 * @example
 * await pipeline(mappedWarehouse(), patientHistories(), scoreWith(phenom({ baseUrl, token, outcomes }))).run(warehouse);
 */
export function scoreWith(scorer: Scorer): Stage<Histories, Scored, Warehouse> {
  if (scorer.outcomes?.length === 0) {
    throw new OmopipeError("USAGE", `The scorer ${scorer.name} names no outcome. Name one, or leave \`outcomes\` out.`);
  }
  const name = `scoreWith(${scorer.name})`;
  return {
    name,
    async execute(histories, context) {
      const { progress } = context;
      const ledger = await openLedger(context, scorer);
      const counts = { scored: 0, excluded: 0, failed: 0 };
      let total = 0;
      const stored = (some: typeof counts) => {
        counts.scored += some.scored;
        counts.excluded += some.excluded;
        counts.failed += some.failed;
        const done = counts.scored + counts.excluded + counts.failed;
        progress({ done, total: Math.max(total, done), unit: "patients" });
      };

      const batches = openBatches(context, scorer, ledger, stored);
      await batches.finishOpen();
      const goneOnWith = counts.scored + counts.excluded + counts.failed;
      const due = await ledger.plan();
      total = goneOnWith + due;
      if (due > 0 && !(await batches.score(due))) await scoreSingly(context, scorer, ledger, name, stored);

      const { scored, excluded: refused, failed } = counts;
      const unchanged = Math.max(0, histories.patients - due - goneOnWith);
      await countInRun(context, name, { scored, excluded: refused, failed });
      if (failed > 0 && scored + unchanged === 0) throw await nobodyScored(context, failed, ledger.service);
      return { ...histories, stage: "scored", scored, unchanged, refused, failed };
    },
  };
}

async function nobodyScored(
  { target: warehouse, runId }: StageContext<Warehouse>,
  failed: number,
  service: string,
): Promise<OmopipeError> {
  const first = await warehouse.row<{ message: string }>(
    "select message from results.scoring_error where model_source = $1 and run_id = $2 limit 1",
    [service, runId],
  );
  return new OmopipeError(
    "SCORING_FAILED",
    `None of ${failed} patients could be scored by ${service}; the first reason: ${first?.message}`,
  );
}
