import { randomUUID } from "node:crypto";
import type { Job, JobResult, PatientHistory } from "../../../schemas/phenom.ts";
import type { UploadState } from "../../../schemas/phenom-batch.ts";
import { retrySchedule, type ScheduleOptions, scheduleOf } from "../http/backoff.ts";
import type { CallOptions } from "../http/caller.ts";
import { responseError } from "../http/failures.ts";
import { withhold, withoutValues } from "../http/server-message.ts";
import { type BatchOperations, createBatchOperations } from "./batch-operations.ts";
import { downloadResults } from "./download-results.ts";
import { type FirstLook, firstLook } from "./first-look.ts";
import { createJobOperations, type JobOperations } from "./job-operations.ts";
import { createTransport, type TransportOptions } from "./transport.ts";
import { type BatchFileUpload, type UploadFileOptions, uploadFile } from "./upload-file.ts";
import { batchPollSchedule, type PollSchedule, pollSchedule, waitForJob } from "./wait-for-job.ts";
import { confidentialOf, type HistoryJson, patientIdOf } from "./wire-request.ts";

type PollOptions = ScheduleOptions & { readonly deadlineMilliseconds?: number | undefined };

export interface PhenomClientOptions extends TransportOptions {
  /** How long sending one file or part may take. Default 10 minutes. */
  readonly transferMilliseconds?: number | undefined;
  /** Rows in a page, 1 to 5000. Default 1000. */
  readonly pageSize?: number | undefined;
  /** How often to look at the job of one patient, and for how long. Default 1 s, 1.5 s … 15 s, for 5 minutes. */
  readonly poll?: PollOptions | undefined;
  /** How often to look at the job of a batch, and for how long. Default 1 s, 1.5 s … 60 s, for 24 hours. */
  readonly batchPoll?: PollOptions | undefined;
}

export interface ScorePatientRequest {
  /** The history; or its JSON, where that is known to fit the contract: it is sent as it is. */
  readonly history: PatientHistory | HistoryJson;
  /** At least one. */
  readonly outcomeIds: readonly string[];
  /** Names this scoring, so that asking again does not score again. Without anything of the patient. Default random. */
  readonly idempotencyKey?: string | undefined;
}

/** What came of scoring one patient. */
export interface ScoredPatient {
  /** The finished job: whether the patient was excluded, and what stands behind the scores, where the service tells. */
  readonly job: Job;
  /** One an outcome; empty when the service excluded the patient. */
  readonly results: readonly JobResult[];
}

export interface WaitOptions extends CallOptions {
  /** Which schedule to look on. Default: that of single patients. */
  readonly workflow?: "realtime" | "batch" | undefined;
}

/**
 * The PhenOM Inference API: its seventeen operations, and the steps that take several of them. Every method may be called
 * any number of times at once.
 */
export interface PhenomClient extends JobOperations, BatchOperations {
  /** Gives the job once it has succeeded. Throws JOB_FAILED or, past the deadline, JOB_TIMEOUT. */
  waitForJob(jobId: string, options?: WaitOptions): Promise<Job>;
  /** Queues, waits and collects. */
  scorePatient(request: ScorePatientRequest, options?: CallOptions): Promise<ScoredPatient>;
  /**
   * Brings a file into a batch, in one piece or in parts, and gives the state it came to. Saved states let another process
   * go on. See {@link UploadFileOptions}.
   */
  uploadFile(batchId: string, file: BatchFileUpload, options?: UploadFileOptions): Promise<UploadState>;
  /** The results of a finished job from its files, 1000 rows at a time: faster than pages. Renews URLs that expire. */
  downloadJobResults(jobId: string, options?: CallOptions): AsyncIterable<readonly JobResult[]>;
}

/**
 * A client of the PhenOM Inference API, or of the embedded engine that speaks the same contract.
 *
 * Repeats what may be repeated (creating a job of one patient carries the same idempotency key on every try; opening,
 * freezing and starting a batch are sent again only when the service certainly has done nothing), renews the token once
 * after a 401, and checks every answer. Errors are {@link OmopipeError}s with HTTP_STATUS (see `statusOf`), HTTP_NETWORK,
 * HTTP_TIMEOUT, RESPONSE_INVALID, CALL_UNCERTAIN, NOT_OFFERED, HISTORY_INVALID, UPLOAD_FAILED, JOB_FAILED, JOB_TIMEOUT or
 * ABORTED; their messages hold neither tokens nor presigned URLs nor anything of a patient.
 *
 * @example
 * const client = createPhenomClient({ baseUrl: "http://127.0.0.1:8080", token: process.env.PHENOM_TOKEN ?? "" });
 * const { results } = await client.scorePatient({ history, outcomeIds: ["local_charlson_10y_mortality"] });
 *
 * @example
 * const { batch_id } = await client.createBatch();
 * await client.uploadFile(batch_id, { kind: "patients", path: "patients.csv" });
 * await client.uploadFile(batch_id, { kind: "diagnoses", path: "diagnoses.csv" });
 * await client.finalizeBatch(batch_id);
 * const { job_id } = await client.startBatch(batch_id, ["local_charlson_10y_mortality"]);
 * await client.waitForJob(job_id, { workflow: "batch" });
 * for await (const results of client.downloadJobResults(job_id)) console.log(results.length);
 */
export function createPhenomClient(options: PhenomClientOptions): PhenomClient {
  const { fetch = globalThis.fetch, retries = 3, timeoutMilliseconds = 30_000 } = options;
  const transport = createTransport(options);
  const pageSize = Math.min(5000, Math.max(1, Math.trunc(options.pageSize ?? 1000)));
  const { operations: jobs, readJob } = createJobOperations(transport, pageSize);
  const batches = createBatchOperations(transport);
  const transfers = {
    fetch: (request: Request) => fetch(request),
    retries,
    backoff: scheduleOf(options.backoff, retrySchedule),
  };
  const schedules = {
    realtime: withDeadline(options.poll, pollSchedule),
    batch: withDeadline(options.batchPoll, batchPollSchedule),
  };

  const first = firstLook(schedules.realtime.capMilliseconds);

  const wait = (jobId: string, { workflow = "realtime", ...control }: WaitOptions, first?: FirstLook) => {
    const known = [control.confidential, options.token];
    // Nobody knows here what is in the files of a batch.
    const clean = (reason: string) => withhold(workflow === "batch" ? withoutValues(reason) : reason, known);
    return waitForJob(jobId, () => readJob(jobId, control), schedules[workflow], control, clean, first);
  };

  const client: PhenomClient = {
    ...jobs,
    ...batches,

    waitForJob: (jobId, control = {}) => wait(jobId, control),

    async scorePatient({ history, outcomeIds, idempotencyKey = randomUUID() }, control = {}) {
      const careful: CallOptions = { ...control, confidential: [confidentialOf(history), control.confidential] };
      const { job_id } = await client.createJobFromPatient(
        { outcome_ids: [...outcomeIds], patient_history: history, idempotency_key: idempotencyKey },
        careful,
      );
      const job = await wait(job_id, careful, first);
      const results: JobResult[] = [];
      for await (const page of client.listJobResults(job_id, careful)) results.push(...page);
      const patientId = patientIdOf(history);
      if (results.some(({ patient_id }) => patient_id !== patientId)) {
        throw responseError("PhenOM", "GET /v1/job/{job_id}/results", "a result belongs to another patient");
      }
      return { job, results };
    },

    uploadFile: (batchId, file, control = {}) =>
      uploadFile(
        { ...transfers, operations: batches, transferMilliseconds: options.transferMilliseconds ?? 600_000 },
        batchId,
        file,
        control,
      ),

    downloadJobResults: (jobId, control = {}) =>
      downloadResults(
        { ...transfers, manifestOf: jobs.getJobResultsDownload, idleMilliseconds: timeoutMilliseconds },
        jobId,
        control,
      ),
  };
  return client;
}

function withDeadline(given: PollOptions | undefined, defaults: PollSchedule): PollSchedule {
  return {
    ...scheduleOf(given, defaults),
    deadlineMilliseconds: given?.deadlineMilliseconds ?? defaults.deadlineMilliseconds,
  };
}
