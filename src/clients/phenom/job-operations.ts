import type { z } from "zod";
import {
  type DownloadManifest,
  downloadManifestSchema,
  type Job,
  type JobCreated,
  type JobError,
  type JobExclusion,
  type JobResult,
  jobCreatedSchema,
  jobErrorPageSchema,
  jobExclusionPageSchema,
  jobResultPageSchema,
  jobSchema,
  outcomesSchema,
  type Page,
} from "../../../schemas/phenom.ts";
import type { Answer, CallOptions } from "../http/caller.ts";
import { walkPages } from "./pages.ts";
import { offered, type Transport } from "./transport.ts";
import { confidentialOf, type ScoringRequest, wireRequest } from "./wire-request.ts";

/** The operations on jobs, as the contract has them. */
export interface JobOperations {
  /** Queues a job. Throws HISTORY_INVALID, before anything is sent, when the request does not fit the contract. */
  createJobFromPatient(request: ScoringRequest, options?: CallOptions): Promise<JobCreated>;
  getJob(jobId: string, options?: CallOptions): Promise<Job>;
  /** The results of a finished job, page after page, each fetched when it is asked for. */
  listJobResults(jobId: string, options?: CallOptions): AsyncIterable<readonly JobResult[]>;
  /** Who was not scored, and why. */
  listJobExclusions(jobId: string, options?: CallOptions): AsyncIterable<readonly JobExclusion[]>;
  /** What went wrong in a job, mostly rows of files that could not be used. */
  listJobErrors(jobId: string, options?: CallOptions): AsyncIterable<readonly JobError[]>;
  /** Where the results lie as files. The URLs expire; `downloadJobResults` of the client renews them. */
  getJobResultsDownload(jobId: string, options?: CallOptions): Promise<DownloadManifest>;
  /** The outcomes that can be scored. Throws NOT_OFFERED where the deployment does not tell. */
  listOutcomes(options?: CallOptions): Promise<string[]>;
}

export function createJobOperations(transport: Transport, pageSize: number) {
  const { api, call } = transport;

  const readJob = (jobId: string, control: CallOptions): Promise<Answer<Job>> =>
    call(
      "GET /v1/job/{job_id}",
      (attempt) => api.get("/v1/job/{job_id}", attempt, { path: { job_id: jobId } }),
      jobSchema,
      control,
    );

  /** The pages of one of the three lists of a job. */
  function list<Item>(
    path: "/v1/job/{job_id}/results" | "/v1/job/{job_id}/exclusions" | "/v1/job/{job_id}/errors",
    schema: z.ZodType<Page<Item>>,
    keyOf: (items: readonly Item[]) => string,
  ) {
    return (jobId: string, control: CallOptions = {}): AsyncIterable<readonly Item[]> =>
      walkPages(
        `GET ${path}`,
        async (position) => {
          const given = { path: { job_id: jobId }, query: { page_size: pageSize, ...position } };
          return (await call(`GET ${path}`, (attempt) => api.get(path, attempt, given), schema, control)).value;
        },
        keyOf,
      );
  }

  const operations: JobOperations = {
    async createJobFromPatient(request, control = {}) {
      const json = wireRequest(request);
      const created = await call(
        "POST /v1/job/from-patient",
        (attempt) => api.post("/v1/job/from-patient", attempt, { json }),
        jobCreatedSchema,
        { ...control, confidential: [confidentialOf(request.patient_history), control.confidential] },
      );
      return created.value;
    },

    getJob: async (jobId, control = {}) => (await readJob(jobId, control)).value,

    listJobResults: list("/v1/job/{job_id}/results", jobResultPageSchema, ([first]) =>
      JSON.stringify([first?.patient_id, first?.outcome_id]),
    ),
    listJobExclusions: list("/v1/job/{job_id}/exclusions", jobExclusionPageSchema, ([first]) => JSON.stringify(first)),
    // Two errors may be the same; two pages of them are not.
    listJobErrors: list("/v1/job/{job_id}/errors", jobErrorPageSchema, (items) => JSON.stringify(items)),

    getJobResultsDownload: (jobId, control = {}) =>
      offered(
        "GET /v1/job/{job_id}/results/download",
        call(
          "GET /v1/job/{job_id}/results/download",
          (attempt) => api.get("/v1/job/{job_id}/results/download", attempt, { path: { job_id: jobId } }),
          downloadManifestSchema,
          control,
        ),
      ),

    listOutcomes: (control = {}) =>
      offered(
        "POST /v1/outcome",
        call("POST /v1/outcome", (attempt) => api.post("/v1/outcome", attempt, {}), outcomesSchema, control),
      ),
  };
  return { operations, readJob };
}
