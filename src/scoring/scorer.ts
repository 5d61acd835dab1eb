import type { PatientHistory } from "../../schemas/phenom.ts";

/** One person's history on its way to a service. */
export interface HistoryToScore {
  readonly patientId: string;
  readonly history: PatientHistory;
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

/** A service that scores one patient a call. */
export interface Scorer {
  readonly name: string;
  /** Which service answers, for the column `model_source`: its name and host, never a credential. */
  readonly modelSource: string;
  /** How many calls may be in flight. */
  readonly concurrency: number;
  /** The scores of one patient, one an outcome. Rejects with an OmopipeError when there are none to be had. */
  score(patient: HistoryToScore, options: { signal: AbortSignal }): Promise<readonly Score[]>;
}
