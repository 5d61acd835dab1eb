import type { Job, JobError, JobExclusion, JobFromPatientRequest, JobResult } from "../../../schemas/phenom.ts";
import type { StoredObject } from "./object-store.ts";
import { modelSource } from "./outcomes.ts";
import { fingerprintOf, PatientJob } from "./patient-job.ts";
import type { Rows } from "./result-page.ts";

export type JobStatus =
  | "QUEUED"
  | "RUNNING"
  | "VALIDATING"
  | "PREPROCESSING"
  | "INFERRING"
  | "POSTPROCESSING"
  | "SUCCEEDED"
  | "SUCCEEDED_WITH_EXCLUSIONS"
  | "FAILED";

/** What the engine knows of a job, of one patient or of a batch. */
export interface EngineJob {
  readonly jobId: string;
  readonly status: JobStatus;
  /** There once the job is finished. */
  readonly metrics: Job["metrics"];
  readonly errorMessage: string | undefined;
  results(): Rows<JobResult>;
  exclusions(): Rows<JobExclusion>;
  errors(): Rows<JobError>;
  /** The results as files in the store. */
  shards(): Promise<readonly StoredObject[]>;
  /** Gives back what the job holds on disk. */
  forget(): Promise<void>;
}

export interface JobBoard {
  /** The job of this request: a new one, the one already made of it, or undefined when the key has another request. */
  submit(request: JobFromPatientRequest): EngineJob | undefined;
  /** Keeps a job of a batch. */
  add(job: EngineJob): void;
  find(jobId: string): EngineJob | undefined;
}

/**
 * Takes jobs and keeps them. When more than `maximumJobs` are kept, the oldest finished ones are forgotten, with their
 * keys.
 */
export function createJobBoard(
  maximumJobs: number,
  storeResults: (job: PatientJob) => Promise<StoredObject>,
): JobBoard {
  const jobs = new Map<string, EngineJob>();
  const jobsByKey = new Map<string, PatientJob>();

  const forgetOldest = (): void => {
    for (const job of jobs.values()) {
      if (jobs.size <= maximumJobs) return;
      if (!isFinished(job)) continue;
      jobs.delete(job.jobId);
      if (job instanceof PatientJob) jobsByKey.delete(job.idempotencyKey);
      // Where the engine is being closed, all is removed anyway.
      job.forget().catch(() => {});
    }
  };
  const add = (job: EngineJob): void => {
    jobs.set(job.jobId, job);
    forgetOldest();
  };

  return {
    submit(request) {
      const known = jobsByKey.get(request.idempotency_key);
      if (known) return known.fingerprint === fingerprintOf(request) ? known : undefined;
      const job = new PatientJob(request, storeResults);
      jobsByKey.set(job.idempotencyKey, job);
      add(job);
      void job.score(request.patient_history);
      return job;
    },
    add,
    find: (jobId) => jobs.get(jobId),
  };
}

export function isFinished({ status }: EngineJob): boolean {
  return status === "SUCCEEDED" || status === "SUCCEEDED_WITH_EXCLUSIONS" || status === "FAILED";
}

/** The job as the contract shows it. */
export function describeJob(job: EngineJob): Job {
  const { jobId: job_id, status, metrics, errorMessage } = job;
  return {
    job_id,
    status,
    model_source: modelSource,
    ...(isFinished(job) && { metrics }),
    ...(errorMessage !== undefined && { error_message: errorMessage }),
  };
}
