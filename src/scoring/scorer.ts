import type { PatientHistory } from "../../schemas/phenom.ts";
import type { UploadState } from "../../schemas/phenom-batch.ts";
import type { BatchFileKind } from "../../schemas/phenom-files.ts";

/** One person's history on its way to a service. */
export interface HistoryToScore {
  readonly patientId: string;
  /** Taken out of `historyJson` when it is asked for. */
  readonly history: PatientHistory;
  /** The same as JSON in UTF-8, as it lies in the warehouse. */
  readonly historyJson: Uint8Array;
  /** Whether it is still what `patientHistories` made, which fits the contract. */
  readonly asBuilt: boolean;
  /** Of the scorer's outcomes those to ask for: not those that it gave for the same history before. */
  readonly outcomes: readonly string[];
  /** Random, and kept before the call: a call that is made again, even by another process, carries the same one. */
  readonly idempotencyKey: string;
}

/** A score as it is stored, still without its person and run. */
export interface Score {
  readonly patient_id: string;
  readonly outcome_id: string;
  readonly probability: number;
  readonly prob_lower_95_percent_bound: number;
  readonly prob_upper_95_percent_bound: number;
  readonly relative_probability: number;
  readonly rel_lower_95_percent_bound: number;
  readonly rel_upper_95_percent_bound: number;
  readonly bin_id: number;
  readonly num_bins: number;
  /** What stands behind this score, with its version, where the service tells; else that of the scorer is stored. */
  readonly model_source?: string | undefined;
}

/** A person whom the service does not score, by its rules. */
export interface Exclusion {
  readonly patient_id: string;
  /** Left out: none of the outcomes. */
  readonly outcome_id?: string | undefined;
  readonly reason: string;
  readonly detail?: string | null | undefined;
}

/** What a service says to one history. */
export interface Answer {
  readonly scores: readonly Score[];
  readonly exclusions?: readonly Exclusion[] | undefined;
}

/** A service that scores one patient a call, and perhaps many at once. */
export interface Scorer {
  readonly name: string;
  /** Which service answers, for the column `model_source`: its name and host, never a credential. */
  readonly modelSource: string;
  /**
   * The outcomes that are asked for, by id. With them, nobody is asked again for an outcome that was given for the same history
   * before; left out, everybody is asked for each time.
   */
  readonly outcomes?: readonly string[] | undefined;
  /** Ask for everybody, whether the history has changed or not. Default false. */
  readonly again?: boolean | undefined;
  /** How many calls may be in flight; looked at before each call, so it may change. */
  readonly concurrency: number;
  /** The scores of one patient, one an outcome. Rejects with an OmopipeError when there are none to be had. */
  score(patient: HistoryToScore, options: { signal: AbortSignal }): Promise<Answer>;
  /** How many patients are scored at once, where the service can. */
  readonly batches?: BatchScorer | undefined;
}

/** A service that takes the histories of many patients as files. */
export interface BatchScorer {
  /** More patients than this are scored as a batch. */
  readonly above: number;
  /** Where the service offers no batches (NOT_OFFERED), score in single calls instead. */
  readonly orSingly: boolean;
  /**
   * Brings a batch to its end, from wherever it is. Rejects with JOB_FAILED when nobody of it will be scored; with
   * SCORING_FAILED when the service refuses it before it has begun; with anything else when it is to be gone on with later.
   */
  score(batch: BatchInHand, options: { signal: AbortSignal }): Promise<BatchAnswer>;
}

/** A batch whose files are written. */
export interface BatchInHand {
  /** Random: fit for a name. */
  readonly key: string;
  /** The outcomes to ask for. */
  readonly outcomes: readonly string[];
  readonly files: readonly BatchInHandFile[];
  /** What was saved last; empty at first. */
  readonly progress: Readonly<Record<string, unknown>>;
  /** Keeps how far it has come, before it is resolved. */
  save(progress: Readonly<Record<string, unknown>>): Promise<void>;
  saveUpload(path: string, upload: UploadState): Promise<void>;
}

/** One file of it. */
export interface BatchInHandFile {
  readonly kind: BatchFileKind;
  readonly path: string;
  readonly upload: UploadState | undefined;
}

/** What came of a batch, to be read once. */
export interface BatchAnswer {
  readonly scores: AsyncIterable<readonly Score[]>;
  readonly exclusions: AsyncIterable<readonly Exclusion[]>;
  /** What the service could not use of the files, in words without values. */
  readonly troubles: AsyncIterable<readonly string[]>;
}
