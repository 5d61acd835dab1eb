import type { DuckDBBlobVector, DuckDBListValue } from "@duckdb/node-api";
import type { PatientHistory } from "../../schemas/phenom.ts";
import { isUnreached, notCalled, statusOf } from "../clients/http/failures.ts";
import { personSlices } from "../features/person-slices.ts";
import { inStage, type OmopipeError } from "../pipeline/errors.ts";
import type { StageContext } from "../pipeline/stage.ts";
import { literal } from "../warehouse/sql-text.ts";
import type { ResultChunk } from "../warehouse/streams.ts";
import { toPlain } from "../warehouse/values.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import type { Answer, HistoryToScore, Scorer } from "./scorer.ts";
import type { Counts, Failure, ScoringLedger } from "./scoring-ledger.ts";

interface DueRow {
  readonly person_id: number;
  readonly patient_id: string;
  readonly history: Uint8Array;
  /** Whether the history is as it was built. */
  readonly as_built: boolean;
  readonly idempotency_key: string;
  readonly outcomes: readonly string[];
}

type Outcome = Pick<DueRow, "person_id" | "patient_id"> &
  ({ readonly answer: Answer } | { readonly error: OmopipeError });

/** So many persons are written in one transaction, or those of so many milliseconds. */
const personsPerTransaction = 2048;
const millisecondsPerTransaction = 5000;

/**
 * How many times as many persons as are in flight, at least three, are not reached before the others are given up: once where
 * nobody ever was, later more often, for a service may be gone for a moment.
 */
const roundsInVain = { atFirst: 1, later: 10 };
const fewestInVain = 3;

/**
 * Asks for everybody who is due, one call a person, as many at a time as the scorer allows at that moment. When the service
 * refuses the token or the address the whole run fails; a run that ends early keeps what it was given. When it cannot be reached,
 * who is left is listed with that cause.
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
  const finished: Outcome[] = [];
  let flushed = performance.now();
  let fatal: OmopipeError | undefined;
  let anyScored = false;
  let anyReached = false;
  let unreached = 0;
  let inFlight = 0;
  let ended = () => {};

  const flush = async () => {
    const outcomes = finished.splice(0);
    flushed = performance.now();
    if (outcomes.length === 0) return;
    stored(await storeOutcomes(ledger, outcomes));
  };
  const unreachable = () => {
    const rounds = anyReached ? roundsInVain.later : roundsInVain.atFirst;
    return unreached >= rounds * Math.max(fewestInVain, scorer.concurrency);
  };
  const ask = async (row: DueRow) => {
    const outcome = await scoreOne(row, scorer, stage, calls.signal);
    // Stopped is not failed.
    if ("error" in outcome && calls.signal.aborted) return;
    if ("error" in outcome && isUnreached(outcome.error)) {
      unreached += 1;
    } else {
      unreached = 0;
      anyReached = true;
    }
    if ("error" in outcome && (refusesEverybody(outcome.error, anyScored) || unreachable())) {
      fatal = outcome.error;
      stop.abort(fatal);
      return;
    }
    finished.push(outcome);
    anyScored ||= "answer" in outcome;
  };
  const fewerThan = async (places: () => number) => {
    while (inFlight >= places()) {
      await new Promise<void>((resolve) => {
        ended = resolve;
      });
    }
  };

  try {
    for await (const { chunk } of dueChunks(warehouse, ledger, signal)) {
      for (const row of rowsOf(chunk)) {
        await fewerThan(() => scorer.concurrency);
        signal.throwIfAborted();
        if (fatal) throw fatal;
        inFlight += 1;
        void ask(row).finally(() => {
          inFlight -= 1;
          ended();
        });
        const late = performance.now() - flushed > millisecondsPerTransaction;
        if (finished.length >= personsPerTransaction || late) await flush();
      }
    }
    await fewerThan(() => 1);
    signal.throwIfAborted();
    if (fatal) throw fatal;
    await flush();
  } catch (error) {
    stop.abort(error);
    await fewerThan(() => 1);
    await flush().catch(() => {});
    if (!(fatal && error === fatal && isUnreached(fatal))) throw error;
    await ledger.putAsideFailure("due", { code: fatal.code, message: notCalled(fatal), same_key: true });
    stored(await ledger.store("due"));
  }
}

/** One row after the other: all histories of a chunk at once are tens of megabytes. */
function* rowsOf(chunk: ResultChunk["chunk"]): Generator<DueRow> {
  const [persons, patients, histories, built, keys, outcomes] = Array.from({ length: chunk.columnCount }, (_, column) =>
    chunk.getColumnVector(column),
  );
  for (let row = 0; row < chunk.rowCount; row++) {
    yield {
      person_id: toPlain(persons!.getItem(row)) as number,
      patient_id: patients!.getItem(row) as string,
      history: (histories as DuckDBBlobVector).getItemBytes(row)!,
      as_built: built!.getItem(row) as boolean,
      idempotency_key: keys!.getItem(row) as string,
      outcomes: (outcomes!.getItem(row) as DuckDBListValue).items as string[],
    };
  }
}

/** Slice by slice: which side of the join DuckDB holds in memory it decides by rows, and the texts of all are gigabytes. */
async function* dueChunks(warehouse: Warehouse, { service, request }: ScoringLedger, signal: AbortSignal) {
  const due = `service = ${literal(service)} and request = ${literal(request)} and status = 'due'`;
  const ofDue = `person_id in (select person_id from meta.scoring where ${due})`;
  for (const { first, last } of await personSlices(warehouse, ofDue, { signal })) {
    yield* warehouse.streamChunks(
      `select
         person_id, history.patient_id, encode(history::varchar), hash(history::varchar) = history_check, idempotency_key,
         coalesce(outcomes, from_json(nullif(request, ''), '["VARCHAR"]'), [])
       from meta.scoring
       join features.patient_history history using (person_id, history_hash)
       where ${due} and person_id between ${first} and ${last}`,
      { signal },
    );
  }
}

async function scoreOne(row: DueRow, scorer: Scorer, stage: string, signal: AbortSignal): Promise<Outcome> {
  const { person_id, patient_id } = row;
  try {
    return { person_id, patient_id, answer: await scorer.score(historyOf(row), { signal }) };
  } catch (error) {
    return { person_id, patient_id, error: inStage(error, stage, signal) };
  }
}

function historyOf(row: DueRow): HistoryToScore {
  const { patient_id, history: historyJson, as_built, outcomes, idempotency_key } = row;
  let history: PatientHistory | undefined;
  return {
    patientId: patient_id,
    get history() {
      history ??= JSON.parse(Buffer.from(historyJson).toString()) as PatientHistory;
      return history;
    },
    historyJson,
    asBuilt: as_built,
    outcomes,
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
