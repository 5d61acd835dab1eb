import PQueue from "p-queue";
import { type PatientHistory, patientHistorySchema } from "../../schemas/phenom.ts";
import { statusOf } from "../clients/http/failures.ts";
import type { Histories } from "../features/patient-histories.ts";
import { inStage, OmopipeError } from "../pipeline/errors.ts";
import type { Stage, StageContext } from "../pipeline/stage.ts";
import { defineTables, type TableDefinitions } from "../warehouse/define-tables.ts";
import { countInRun } from "../warehouse/ledger.ts";
import { sqlText } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import type { Score, Scorer } from "./scorer.ts";

/** What scoring gives to the next stage: `results.risk_score` is filled. */
export interface Scored extends Omit<Histories, "stage"> {
  readonly stage: "scored";
  /** Persons with at least one score. */
  readonly scored: number;
  /** Persons without a score: see `results.scoring_error`. */
  readonly failed: number;
}

interface HistoryRow {
  person_id: number;
  patient_id: string;
  history: string;
}

type Outcome = HistoryRow & ({ scores: readonly Score[] } | { error: OmopipeError });

/** So many persons are written in one transaction. */
const personsPerTransaction = 256;

/**
 * Sends every history to a scoring service, a bounded number at a time, and stores the scores in `results.risk_score`
 * (those of the same person, outcome and day are replaced). A history that does not fit the contract is not sent. A
 * person that cannot be scored is listed in `results.scoring_error` and the run goes on; when the service refuses the
 * token or the address (401, 403, 404), or when nobody could be scored, the run fails. A run that fails or is stopped
 * keeps the scores it was given.
 *
 * @example
 * await pipeline(mappedWarehouse(), patientHistories(), scoreWith(phenom({ baseUrl, token, outcomes }))).run(warehouse);
 */
export function scoreWith(scorer: Scorer): Stage<Histories, Scored, Warehouse> {
  return {
    name: nameOf(scorer),
    async execute(histories, context) {
      const { target: warehouse, progress, signal } = context;
      await warehouse.transaction(() => defineTables(warehouse, resultTables()));
      const stop = new AbortController();
      const calls = { signal: AbortSignal.any([signal, stop.signal]) };
      const queue = new PQueue({ concurrency: scorer.concurrency });
      const finished: Outcome[] = [];
      let fatal: OmopipeError | undefined;
      let anyScored = false;
      let scored = 0;
      let failed = 0;

      const flush = async () => {
        const outcomes = finished.splice(0);
        await store(outcomes, scorer, histories, context);
        scored += outcomes.filter((outcome) => "scores" in outcome).length;
        failed += outcomes.filter((outcome) => "error" in outcome).length;
        progress({ done: scored + failed, total: histories.patients, unit: "patients" });
      };

      try {
        for await (const rows of warehouse.stream<HistoryRow>(
          "select person_id, patient_id, history::varchar as history from features.patient_history",
          { signal },
        )) {
          for (const row of rows) {
            await queue.onSizeLessThan(scorer.concurrency);
            signal.throwIfAborted();
            if (fatal) throw fatal;
            queue.add(async () => {
              const outcome = await scoreOne(row, scorer, calls.signal);
              // Stopped is not failed.
              if ("error" in outcome && calls.signal.aborted) return;
              if ("error" in outcome && refusesEverybody(outcome.error, anyScored)) {
                fatal = outcome.error;
                queue.clear();
                stop.abort(fatal);
                return;
              }
              finished.push(outcome);
              anyScored ||= "scores" in outcome;
            });
            if (finished.length >= personsPerTransaction) await flush();
          }
        }
        await queue.onIdle();
        signal.throwIfAborted();
        if (fatal) throw fatal;
        await flush();
      } catch (error) {
        queue.clear();
        stop.abort(error);
        await queue.onIdle();
        await flush().catch(() => {});
        throw error;
      }
      await countInRun(context, nameOf(scorer), { scored, failed });
      if (failed > 0 && scored === 0) throw await nobodyScored(warehouse, failed, histories.runId, scorer);
      return { ...histories, stage: "scored", scored, failed };
    },
  };
}

function nameOf(scorer: Scorer): string {
  return `scoreWith(${scorer.name})`;
}

async function scoreOne(row: HistoryRow, scorer: Scorer, signal: AbortSignal): Promise<Outcome> {
  try {
    const history = checkedHistory(row);
    const scores = await scorer.score({ patientId: row.patient_id, history }, { signal });
    const own = scores.filter((score) => score.patient_id === row.patient_id);
    if (own.length === 0) throw new OmopipeError("SCORING_FAILED", "The service gave no score for this person.");
    return { ...row, scores: own };
  } catch (error) {
    return { ...row, error: inStage(error, nameOf(scorer), signal) };
  }
}

/** The border check: what does not fit the contract does not leave. The message names members, never their values. */
function checkedHistory({ history }: HistoryRow): PatientHistory {
  const parsed = patientHistorySchema.safeParse(JSON.parse(history));
  if (parsed.success) return parsed.data;
  const faults = [...new Set(parsed.error.issues.map((issue) => issue.path.join(".")))].slice(0, 5).join(", ");
  throw new OmopipeError("HISTORY_INVALID", `The history does not fit the contract at ${faults}; it was not sent.`);
}

/**
 * A wrong token or address is no trouble of one person: going on would only repeat it for all. "Not found" speaks of the
 * address only as long as nobody was scored; later it may be a job that the service has forgotten.
 */
function refusesEverybody(error: OmopipeError, anyScored: boolean): boolean {
  const status = statusOf(error);
  return status === 401 || status === 403 || (status === 404 && !anyScored);
}

async function store(
  outcomes: readonly Outcome[],
  scorer: Scorer,
  { asOf }: Histories,
  { target: warehouse, runId }: StageContext<Warehouse>,
): Promise<void> {
  if (outcomes.length === 0) return;
  const common = { as_of: asOf, run_id: runId, model_source: scorer.modelSource };
  const scoredAt = new Date().toISOString().slice(0, 19);
  const scores = outcomes.flatMap((outcome) =>
    "scores" in outcome
      ? outcome.scores.map((score) => ({ ...score, ...common, person_id: outcome.person_id, scored_at: scoredAt }))
      : [],
  );
  const errors = outcomes.flatMap((outcome) =>
    "error" in outcome
      ? {
          person_id: outcome.person_id,
          patient_id: outcome.patient_id,
          code: outcome.error.code,
          message: outcome.error.message,
          ...common,
        }
      : [],
  );
  const persons = outcomes.map(({ person_id }) => person_id).join(", ");
  await warehouse.transaction(async () => {
    await warehouse.run(
      `delete from results.scoring_error where as_of = $1::date and model_source = $2 and person_id in (${persons})`,
      [asOf, scorer.modelSource],
    );
    await warehouse.run(
      `delete from results.risk_score
       where as_of = $1::date and (person_id, outcome_id) in (
         select (item ->> '$.person_id')::bigint, item ->> '$.outcome_id'
         from (select unnest(json_extract($2::json, '$[*]')) as item))`,
      [asOf, JSON.stringify(scores.map(({ person_id, outcome_id }) => ({ person_id, outcome_id })))],
    );
    await warehouse.append("results.risk_score", scores);
    await warehouse.append("results.scoring_error", errors);
  });
}

async function nobodyScored(
  warehouse: Warehouse,
  failed: number,
  runId: string,
  scorer: Scorer,
): Promise<OmopipeError> {
  const first = await warehouse.row<{ code: string; message: string }>(
    "select code, message from results.scoring_error where run_id = $1 limit 1",
    [runId],
  );
  return new OmopipeError(
    "SCORING_FAILED",
    `None of ${failed} patients could be scored by ${scorer.modelSource}; the first reason: ${first?.message}`,
  );
}

const resultTables = (): TableDefinitions => ({
  part: "results",
  sql: sqlText(import.meta.url, "results.sql"),
  rows: "kept",
});
