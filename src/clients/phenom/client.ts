import { randomUUID } from "node:crypto";
import createClient from "openapi-fetch";
import {
  type Job,
  type JobCreated,
  type JobFromPatientRequest,
  type JobResult,
  jobCreatedSchema,
  jobFromPatientRequestSchema,
  jobResultPageSchema,
  jobSchema,
  type PatientHistory,
} from "../../../schemas/phenom.ts";
import { OmopipeError } from "../../pipeline/errors.ts";
import { type ScheduleOptions, scheduleOf } from "../http/backoff.ts";
import { checkedBaseUrl } from "../http/base-url.ts";
import { type Answer, type CallOptions, createCaller } from "../http/caller.ts";
import { responseError } from "../http/failures.ts";
import { describeIssues } from "../http/issues.ts";
import type { Token } from "../http/token.ts";
import type { components, paths } from "./contract.generated.ts";
import { resultPages } from "./result-pages.ts";
import { type PollSchedule, pollSchedule, waitForJob } from "./wait-for-job.ts";

export interface PhenomClientOptions {
  /** Where the service is, for example "http://127.0.0.1:8080". The token is sent nowhere else. */
  readonly baseUrl: string;
  readonly token: Token;
  /** Sent as `x-tenant-id`, for deployments where the token does not tell the tenant. */
  readonly tenantId?: string | undefined;
  /** A fetch of your own, for a proxy or client certificates. Default: that of Node. */
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined;
  /** How long one try of one call may take. Default 30 s. */
  readonly timeoutMilliseconds?: number | undefined;
  /** How often a call is repeated after 408, 429, 5xx, a broken connection or a timeout. Default 3. */
  readonly retries?: number | undefined;
  /** The waiting times between tries, before jitter; the cap also bounds `Retry-After`. Default 1 s, 2 s … 60 s. */
  readonly backoff?: ScheduleOptions | undefined;
  /** Results in a page, 1 to 5000. Default 1000. */
  readonly pageSize?: number | undefined;
  /** How often to look at a job, and for how long. Default 1 s, 1.5 s … 15 s, for 5 minutes. */
  readonly poll?: (ScheduleOptions & { readonly deadlineMilliseconds?: number | undefined }) | undefined;
}

export interface ScorePatientRequest {
  readonly history: PatientHistory;
  /** At least one. */
  readonly outcomeIds: readonly string[];
  /** Names this scoring, so that asking again does not score again. Without anything of the patient. Default random. */
  readonly idempotencyKey?: string | undefined;
}

/** The PhenOM Inference API for single patients. Every method may be called any number of times at once. */
export interface PhenomClient {
  /** Queues a job. Throws HISTORY_INVALID, before anything is sent, when the request does not fit the contract. */
  createJobFromPatient(request: JobFromPatientRequest, options?: CallOptions): Promise<JobCreated>;
  getJob(jobId: string, options?: CallOptions): Promise<Job>;
  /** The results of a finished job, page after page, each fetched when it is asked for. */
  listJobResults(jobId: string, options?: CallOptions): AsyncIterable<readonly JobResult[]>;
  /** Gives the job once it has succeeded. Throws JOB_FAILED or, past the deadline, JOB_TIMEOUT. */
  waitForJob(jobId: string, options?: CallOptions): Promise<Job>;
  /** Queues, waits and collects. Empty when the service excluded the patient. */
  scorePatient(request: ScorePatientRequest, options?: CallOptions): Promise<JobResult[]>;
}

/**
 * A client of the PhenOM Inference API, or of the embedded engine that speaks the same contract.
 *
 * Repeats what may be repeated (creating a job carries the same idempotency key on every try), renews the token once
 * after a 401, and checks every answer. Errors are {@link OmopipeError}s with HTTP_STATUS (see `statusOf`),
 * HTTP_NETWORK, HTTP_TIMEOUT, RESPONSE_INVALID, HISTORY_INVALID, JOB_FAILED, JOB_TIMEOUT or ABORTED; their messages hold
 * neither tokens nor anything of the patient.
 *
 * @example
 * const client = createPhenomClient({ baseUrl: "http://127.0.0.1:8080", token: process.env.PHENOM_TOKEN ?? "" });
 * const results = await client.scorePatient({ history, outcomeIds: ["local_charlson_10y_mortality"] });
 */
export function createPhenomClient(options: PhenomClientOptions): PhenomClient {
  const call = createCaller({ service: "PhenOM", ...options });
  const poll: PollSchedule = {
    ...scheduleOf(options.poll, pollSchedule),
    deadlineMilliseconds: options.poll?.deadlineMilliseconds ?? pollSchedule.deadlineMilliseconds,
  };
  const pageSize = Math.min(5000, Math.max(1, Math.trunc(options.pageSize ?? 1000)));
  const api = createClient<paths>({
    baseUrl: checkedBaseUrl(options.baseUrl),
    redirect: "manual",
    ...(options.fetch && { fetch: options.fetch }),
    ...(options.tenantId !== undefined && { headers: { "x-tenant-id": options.tenantId } }),
  });

  const readJob = (jobId: string, control: CallOptions): Promise<Answer<Job>> =>
    call(
      "GET /v1/job/{job_id}",
      (attempt) => api.GET("/v1/job/{job_id}", { ...attempt, params: { path: { job_id: jobId } } }),
      jobSchema,
      control,
    );

  const client: PhenomClient = {
    async createJobFromPatient(request, control = {}) {
      const body = checkedRequest(request);
      const created = await call(
        "POST /v1/job/from-patient",
        (attempt) => api.POST("/v1/job/from-patient", { ...attempt, body }),
        jobCreatedSchema,
        { ...control, confidential: [request.patient_history, control.confidential] },
      );
      return created.value;
    },

    getJob: async (jobId, control = {}) => (await readJob(jobId, control)).value,

    listJobResults: (jobId, control = {}) =>
      resultPages(async (position) => {
        const query = { page_size: pageSize, ...position };
        const page = await call(
          "GET /v1/job/{job_id}/results",
          (attempt) => api.GET("/v1/job/{job_id}/results", { ...attempt, params: { path: { job_id: jobId }, query } }),
          jobResultPageSchema,
          control,
        );
        return page.value;
      }),

    waitForJob: (jobId, control = {}) => waitForJob(jobId, () => readJob(jobId, control), poll, control),

    async scorePatient({ history, outcomeIds, idempotencyKey = randomUUID() }, control = {}) {
      const careful: CallOptions = { ...control, confidential: [history, control.confidential] };
      const { job_id } = await client.createJobFromPatient(
        { outcome_ids: [...outcomeIds], patient_history: history, idempotency_key: idempotencyKey },
        careful,
      );
      await client.waitForJob(job_id, careful);
      const results: JobResult[] = [];
      for await (const page of client.listJobResults(job_id, careful)) results.push(...page);
      if (results.some(({ patient_id }) => patient_id !== history.patient.patient_id)) {
        throw responseError("PhenOM", "GET /v1/job/{job_id}/results", "a result belongs to another patient");
      }
      return results;
    },
  };
  return client;
}

/** The request as the contract has it, or HISTORY_INVALID naming every member that does not fit. */
function checkedRequest(request: JobFromPatientRequest): components["schemas"]["JobFromPatientRequest"] {
  const checked = jobFromPatientRequestSchema.safeParse(request);
  // Where the schema allows undefined, JSON leaves the member out: what is sent is the generated type.
  if (checked.success) return checked.data as components["schemas"]["JobFromPatientRequest"];
  throw new OmopipeError(
    "HISTORY_INVALID",
    `This patient history does not fit the PhenOM contract, so it was not sent: ${describeIssues(checked.error)}.`,
  );
}
