import type { Job, JobError, JobExclusion, JobResult } from "../../../schemas/phenom.ts";
import { type Exclusion, exclusionDetails } from "../charlson/charlson-index.ts";
import type { FileFault } from "./batch-files.ts";
import type { EngineJob, JobStatus } from "./jobs.ts";
import type { ObjectStore, StoredObject } from "./object-store.ts";
import { type Rows, rowsOf } from "./result-page.ts";
import type { RowDatabase } from "./rows.ts";

/** What a batch came to. */
export interface BatchTotals {
  readonly records: number;
  readonly scored: number;
  readonly errors: number;
  readonly insufficient_history: number;
  readonly demographic_ineligible: number;
}

let jobs = 0;

/** The scoring of a batch. Its rows are in the database of the engine, in a schema of their own. */
export class BatchJob implements EngineJob {
  readonly jobId: string;
  readonly schema = `job_${++jobs}`;
  status: JobStatus = "QUEUED";
  errorMessage: string | undefined;
  readonly #outcomeIds: readonly string[];
  readonly #database: RowDatabase;
  readonly #store: ObjectStore;
  #totals: BatchTotals | undefined;
  #shards: readonly StoredObject[] = [];
  #faults: readonly JobError[] = [];

  constructor(jobId: string, outcomeIds: readonly string[], database: RowDatabase, store: ObjectStore) {
    this.jobId = jobId;
    this.#outcomeIds = outcomeIds;
    this.#database = database;
    this.#store = store;
  }

  succeed(totals: BatchTotals, shards: readonly StoredObject[]): void {
    this.#totals = totals;
    this.#shards = shards;
    this.status = excludedIn(totals) > 0 ? "SUCCEEDED_WITH_EXCLUSIONS" : "SUCCEEDED";
  }

  fail(faults: readonly FileFault[]): void {
    const timestamp = new Date().toISOString();
    this.#faults = faults.map((fault) => ({ error_type: "validation_error", timestamp, ...fault }));
    this.errorMessage = faults[0]?.message ?? "The engine failed while it scored the files";
    this.status = "FAILED";
  }

  get metrics(): Job["metrics"] {
    if (!this.#totals) return undefined;
    const { records, scored, errors, insufficient_history, demographic_ineligible } = this.#totals;
    return {
      records_processed: records,
      patients_scored: scored,
      patients_excluded: excludedIn(this.#totals),
      exclusions_by_reason: { insufficient_history, demographic_ineligible },
      error_rows: errors,
    };
  }

  results(): Rows<JobResult> {
    const total = (this.#totals?.scored ?? 0) * this.#outcomeIds.length;
    return this.#table<JobResult, JobResult>("result", total, (row) => row);
  }

  exclusions(): Rows<JobExclusion> {
    const total = this.#totals ? excludedIn(this.#totals) : 0;
    return this.#table<{ patient_id: string; reason: Exclusion }, JobExclusion>("exclusion", total, (row) => ({
      ...row,
      detail: exclusionDetails[row.reason],
      outcomes_affected: [...this.#outcomeIds],
    }));
  }

  errors(): Rows<JobError> {
    if (!this.#totals) return rowsOf(this.#faults);
    return this.#table<{ object_type: string; file: string; file_row: string; fault: string }, JobError>(
      "error",
      this.#totals.errors,
      ({ object_type, file, file_row, fault }) => ({
        error_type: "validation_error",
        message: fault,
        object_type,
        file,
        row: Number(file_row),
      }),
    );
  }

  async shards(): Promise<readonly StoredObject[]> {
    return this.#shards;
  }

  /** Removes what was read for a job that has failed. */
  async clearAway(): Promise<void> {
    if (this.status === "FAILED") await this.#dropRows();
  }

  async forget(): Promise<void> {
    await this.#dropRows();
    await this.#store.remove(`results/${this.jobId}`);
  }

  async #dropRows(): Promise<void> {
    await this.#database.run(`drop schema if exists ${this.schema} cascade`);
  }

  /** A table of the job that counts its rows in a column `position`, from 1. */
  #table<Stored, Row>(table: string, total: number, rowOf: (stored: Stored) => Row): Rows<Row> {
    return {
      total,
      read: async (offset, limit) => {
        const stored = await this.#database.rows<Stored>(
          `select * exclude (position) from ${this.schema}."${table}"
           where position between ${offset + 1} and ${offset + limit} order by position`,
        );
        return stored.map(rowOf);
      },
    };
  }
}

function excludedIn({ insufficient_history, demographic_ineligible }: BatchTotals): number {
  return insufficient_history + demographic_ineligible;
}
