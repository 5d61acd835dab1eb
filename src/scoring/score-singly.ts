import PQueue from "p-queue";
import type { PatientHistory } from "../../schemas/phenom.ts";
import { statusOf } from "../clients/http/failures.ts";
import { inStage, type OmopipeError } from "../pipeline/errors.ts";
import type { StageContext } from "../pipeline/stage.ts";
import { literal } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import type { Answer, HistoryToScore, Scorer } from "./scorer.ts";
import type { Counts, Failure, ScoringLedger } from "./scoring-ledger.ts";

interface DueRow {
  readonly person_id: number;
  readonly patient_id: string;
  readonly history: string;
  /** Whether the history is as it was built. */
  readonly as_built: boolean;
  readonly idempotency_key: string;
}

type Outcome = Pick<DueRow, "person_id" | "patient_id"> &
  ({ readonly answer: Answer } | { readonly error: OmopipeError });

/** So many persons are written in one transaction, or those of so many milliseconds. */
const personsPerTransaction = 2048;
const millisecondsPerTransaction = 2000;

/**
 * Asks for everybody who is due, one call a person, as many at a time as the scorer allows at that moment. When the service
 * refuses the token or the address the whole run fails; a run that ends early keeps what it was given.
 */
export async function scoreSingly(
  context: StageContext<Warehouse>,
  scorer: Scorer,
  ledger: ScoringLedger,
  stage: string,
  stored: (counts: Counts) => void,
): Promise<void> {
  const { target: warehouse, signal } = context;
  const stop = new AbortController();
  const calls = { signal: AbortSignal.any([signal, stop.signal]) };
  const queue = new PQueue({ concurrency: scorer.concurrency });
  const finished: Outcome[] = [];
  let flushed = performance.now();
  let fatal: OmopipeError | undefined;
  let anyScored = false;

  const flush = async () => {
    const outcomes = finished.splice(0);
    flushed = performance.now();
    if (outcomes.length === 0) return;
    stored(await storeOutcomes(ledger, outcomes));
  };
  const ask = async (row: DueRow) => {
    const outcome = await scoreOne(row, scorer, stage, calls.signal);
    // Stopped is not failed.
    if ("error" in outcome && calls.signal.aborted) return;
    if ("error" in outcome && refusesEverybody(outcome.error, anyScored)) {
      fatal = outcome.error;
      queue.clear();
      stop.abort(fatal);
      return;
    }
    finished.push(outcome);
    anyScored ||= "answer" in outcome;
  };

  try {
    for await (const rows of warehouse.stream<DueRow>(dueQuery(ledger), { signal })) {
      for (const row of rows) {
        queue.concurrency = scorer.concurrency;
        await queue.onSizeLessThan(scorer.concurrency);
        signal.throwIfAborted();
        if (fatal) throw fatal;
        queue.add(() => ask(row));
        const late = performance.now() - flushed > millisecondsPerTransaction;
        if (finished.length >= personsPerTransaction || late) await flush();
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
}

const dueQuery = ({ service, request }: ScoringLedger) => `
  select person_id, history.patient_id, history::varchar as history, idempotency_key,
    hash(history::varchar) = history_check as as_built
  from meta.scoring
  join features.patient_history history using (person_id, history_hash)
  where service = ${literal(service)} and request = ${literal(request)} and status = 'due'`;

async function scoreOne(row: DueRow, scorer: Scorer, stage: string, signal: AbortSignal): Promise<Outcome> {
  const { person_id, patient_id } = row;
  try {
    return { person_id, patient_id, answer: await scorer.score(historyOf(row), { signal }) };
  } catch (error) {
    return { person_id, patient_id, error: inStage(error, stage, signal) };
  }
}

function historyOf({ patient_id, history: historyText, as_built, idempotency_key }: DueRow): HistoryToScore {
  let history: PatientHistory | undefined;
  return {
    patientId: patient_id,
    get history() {
      history ??= JSON.parse(historyText) as PatientHistory;
      return history;
    },
    historyText,
    asBuilt: as_built,
    idempotencyKey: idempotency_key,
  };
}

/**
 * A wrong token or address is no trouble of one person: going on would only repeat it for all. "Not found" speaks of the
 * address only as long as nobody was scored; later it may be a job that the service has forgotten.
 */
function refusesEverybody(error: OmopipeError, anyScored: boolean): boolean {
  const status = statusOf(error);
  return status === 401 || status === 403 || (status === 404 && !anyScored);
}

async function storeOutcomes(ledger: ScoringLedger, outcomes: readonly Outcome[]) {
  const ofOthers = ({ patient_id }: Outcome, item: { readonly patient_id: string }) => item.patient_id !== patient_id;
  const answered = outcomes.filter((outcome) => "answer" in outcome);
  const failures = outcomes.flatMap((outcome) => ("error" in outcome ? failureOf(outcome) : []));
  await ledger.putAside({
    scores: answered.flatMap((row) => row.answer.scores.filter((score) => !ofOthers(row, score))),
    exclusions: answered.flatMap((row) => row.answer.exclusions?.filter((item) => !ofOthers(row, item)) ?? []),
    failures,
  });
  return await ledger.store({ persons: outcomes.map(({ person_id }) => person_id) });
}

function failureOf({ patient_id, error }: { patient_id: string; error: OmopipeError }): Failure {
  const status = statusOf(error) ?? 0;
  const refused = status >= 400 && status < 500 && !error.retryable;
  const over = refused || error.code === "JOB_FAILED" || error.code === "HISTORY_INVALID";
  return { patient_id, code: error.code, message: error.message, same_key: !over };
}
