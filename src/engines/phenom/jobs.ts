import { createHash, randomUUID } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Job, JobFromPatientRequest, JobResult, PatientHistory } from "../../../schemas/phenom.ts";
import { charlsonIndex } from "../charlson/charlson-index.ts";
import { createPopulation } from "./population.ts";

/** What the engine keeps of a job: of the history only the patient's own identifier and the index. */
export interface EngineJob {
  readonly jobId: string;
  readonly idempotencyKey: string;
  /** Hash of the request, to tell the same request from another one under the same key. */
  readonly fingerprint: string;
  readonly patientId: string;
  readonly outcomeIds: readonly string[];
  readonly records: number;
  status: "QUEUED" | "RUNNING" | "SUCCEEDED" | "SUCCEEDED_WITH_EXCLUSIONS";
  /** The age-adjusted Charlson index; undefined until scored, and for a patient who is excluded. */
  index: number | undefined;
}

export interface JobBoard {
  /** The job of this request: a new one, the one already made of it, or undefined when the key has another request. */
  submit(request: JobFromPatientRequest): EngineJob | undefined;
  find(jobId: string): EngineJob | undefined;
  /** The scores of a finished job, against the population scored up to this moment. */
  resultsOf(job: EngineJob): JobResult[];
}

/**
 * Takes jobs, scores them one turn of the event loop later, and keeps them. When more than `maximumJobs` are kept, the
 * oldest finished ones are forgotten, with their keys; their patients stay counted in the population.
 */
export function createJobBoard(options: { readonly now: () => Date; readonly maximumJobs: number }): JobBoard {
  const jobs = new Map<string, EngineJob>();
  const jobsByKey = new Map<string, EngineJob>();
  const population = createPopulation();

  const score = async (job: EngineJob, history: PatientHistory): Promise<void> => {
    await nextTurn();
    job.status = "RUNNING";
    await nextTurn();
    job.index = charlsonIndex(history, options.now().toISOString().slice(0, 10));
    if (job.index !== undefined) population.add(job.index);
    job.status = job.index === undefined ? "SUCCEEDED_WITH_EXCLUSIONS" : "SUCCEEDED";
  };

  const forgetOldest = (): void => {
    for (const job of jobs.values()) {
      if (jobs.size <= options.maximumJobs) return;
      if (!isFinished(job)) continue;
      jobs.delete(job.jobId);
      jobsByKey.delete(job.idempotencyKey);
    }
  };

  return {
    submit(request) {
      const fingerprint = createHash("sha256").update(JSON.stringify(request)).digest("base64");
      const known = jobsByKey.get(request.idempotency_key);
      if (known) return known.fingerprint === fingerprint ? known : undefined;

      const { patient_history: history, outcome_ids, idempotency_key } = request;
      const job: EngineJob = {
        jobId: `job_${randomUUID()}`,
        idempotencyKey: idempotency_key,
        fingerprint,
        patientId: history.patient.patient_id,
        outcomeIds: [...new Set(outcome_ids)],
        records: recordsIn(history),
        status: "QUEUED",
        index: undefined,
      };
      jobs.set(job.jobId, job);
      jobsByKey.set(idempotency_key, job);
      forgetOldest();
      void score(job, history);
      return job;
    },
    find: (jobId) => jobs.get(jobId),
    resultsOf({ index, patientId, outcomeIds }) {
      if (index === undefined) return [];
      const standing = population.standingOf(index);
      return outcomeIds.map((outcomeId) => ({ patient_id: patientId, outcome_id: outcomeId, ...standing }));
    },
  };
}

export function isFinished(job: EngineJob): boolean {
  return job.status === "SUCCEEDED" || job.status === "SUCCEEDED_WITH_EXCLUSIONS";
}

/** The job as the contract shows it. */
export function describeJob(job: EngineJob): Job {
  const { jobId, status, records } = job;
  if (!isFinished(job)) return { job_id: jobId, status };
  const excluded = job.index === undefined ? 1 : 0;
  return {
    job_id: jobId,
    status,
    metrics: {
      records_processed: records,
      patients_scored: 1 - excluded,
      patients_excluded: excluded,
      // The only reason: born after the latest day of the history.
      exclusions_by_reason: { demographic_ineligible: excluded },
    },
  };
}

function recordsIn({ lab_results, diagnoses, procedures, medications }: PatientHistory): number {
  return [lab_results, diagnoses, procedures, medications].reduce((sum, list) => sum + (list?.length ?? 0), 0);
}
