import { createHash, randomUUID } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import type {
  Job,
  JobError,
  JobExclusion,
  JobFromPatientRequest,
  JobResult,
  PatientHistory,
} from "../../../schemas/phenom.ts";
import { charlsonIndex, type Exclusion, exclusionDetails } from "../charlson/charlson-index.ts";
import type { EngineJob, JobStatus } from "./jobs.ts";
import type { StoredObject } from "./object-store.ts";
import { standingOf } from "./reference-population.ts";
import { type Rows, rowsOf } from "./result-page.ts";

/**
 * The scoring of one patient, one turn of the event loop after it was asked for. Of the history only the patient's own
 * identifier and the index are kept. A class, because there are many: their methods are shared.
 */
export class PatientJob implements EngineJob {
  readonly jobId = `job_${randomUUID()}`;
  readonly idempotencyKey: string;
  /** Hash of the request, to tell the same request from another one under the same key. */
  readonly fingerprint: string;
  readonly errorMessage = undefined;
  status: JobStatus = "QUEUED";
  readonly #patientId: string;
  readonly #outcomeIds: readonly string[];
  readonly #records: number;
  readonly #storeResults: (job: PatientJob) => Promise<StoredObject>;
  #index: number | Exclusion | undefined;

  constructor(request: JobFromPatientRequest, storeResults: (job: PatientJob) => Promise<StoredObject>) {
    this.idempotencyKey = request.idempotency_key;
    this.fingerprint = fingerprintOf(request);
    this.#patientId = request.patient_history.patient.patient_id;
    this.#outcomeIds = [...new Set(request.outcome_ids)];
    this.#records = recordsIn(request.patient_history);
    this.#storeResults = storeResults;
  }

  async score(history: PatientHistory): Promise<void> {
    await nextTurn();
    this.status = "RUNNING";
    await nextTurn();
    this.#index = charlsonIndex(history);
    this.status = typeof this.#index === "number" ? "SUCCEEDED" : "SUCCEEDED_WITH_EXCLUSIONS";
  }

  get metrics(): Job["metrics"] {
    const reason = typeof this.#index === "string" ? this.#index : undefined;
    return {
      records_processed: this.#records,
      patients_scored: reason ? 0 : 1,
      patients_excluded: reason ? 1 : 0,
      exclusions_by_reason: reason ? { [reason]: 1 } : {},
      error_rows: 0,
    };
  }

  results(): Rows<JobResult> {
    const index = this.#index;
    if (typeof index !== "number") return rowsOf([]);
    return rowsOf(
      this.#outcomeIds.map((outcome_id) => ({ patient_id: this.#patientId, outcome_id, ...standingOf(index) })),
    );
  }

  exclusions(): Rows<JobExclusion> {
    const reason = this.#index;
    if (typeof reason !== "string") return rowsOf([]);
    const detail = exclusionDetails[reason];
    return rowsOf([{ patient_id: this.#patientId, reason, detail, outcomes_affected: [...this.#outcomeIds] }]);
  }

  errors(): Rows<JobError> {
    return rowsOf([]);
  }

  async shards(): Promise<readonly StoredObject[]> {
    return [await this.#storeResults(this)];
  }

  async forget(): Promise<void> {}
}

export function fingerprintOf(request: JobFromPatientRequest): string {
  return createHash("sha256").update(JSON.stringify(request)).digest("base64");
}

function recordsIn({ lab_results, diagnoses, procedures, medications }: PatientHistory): number {
  return [lab_results, diagnoses, procedures, medications].reduce((sum, list) => sum + (list?.length ?? 0), 0);
}
