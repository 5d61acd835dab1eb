import { z } from "zod";
import type { JobExclusion, JobResult } from "../../schemas/phenom.ts";
import { statusOf } from "../clients/http/failures.ts";
import { withoutValues } from "../clients/http/server-message.ts";
import type { PhenomClient } from "../clients/phenom/client.ts";
import { notOfferedStatuses } from "../clients/phenom/transport.ts";
import { messageOf, OmopipeError } from "../pipeline/errors.ts";
import type { BatchInHand, BatchScorer, Exclusion, Score } from "./scorer.ts";

interface PhenomBatchOptions extends Pick<BatchScorer, "above" | "orSingly"> {
  readonly modelSource: string;
  readonly repeatStart: boolean | undefined;
}

/** How far a batch has come, as it is kept. */
interface Progress {
  readonly batchId?: string;
  readonly finalized?: true;
  /** Written before the batch is started: from here on it may be, whether the answer came or not. */
  readonly batchStarts?: boolean;
  readonly jobId?: string;
}

/** Batches of the PhenOM Inference API: create, upload, finalize, validate, start, poll, fetch, each step kept when it is done. */
export function phenomBatches(client: PhenomClient, options: PhenomBatchOptions): BatchScorer {
  const { above, orSingly, modelSource, repeatStart } = options;
  return {
    above,
    orSingly,
    async score(batch, { signal }) {
      let progress: Progress = batch.progress;
      const save = async (more: Progress) => {
        progress = { ...progress, ...more };
        await batch.save({ ...progress });
      };
      const begin = async (): Promise<string> => {
        const isNew = progress.batchId === undefined;
        // A batch that is opened and not used costs nobody anything.
        if (isNew) {
          const name = `omopipe ${batch.key}`;
          await save({ batchId: (await client.createBatch({ name }, { signal, repeatUncertain: true })).batch_id });
        }
        const batchId = progress.batchId!;
        if (!progress.finalized) {
          if (isNew || !(await isFinalized(client, batchId, signal))) await fill(client, batchId, batch, signal);
          await save({ finalized: true });
        }
        if (!progress.batchStarts) await client.validateBatch(batchId, batch.outcomes, { signal });
        const known = progress.batchStarts ? await jobsOf(client, batchId, signal) : [];
        if (known === undefined && !repeatStart) throw startUncertain(batchId);
        return known?.[0] ?? (await start(client, batchId, batch.outcomes, repeatStart, save, signal));
      };
      if (progress.jobId === undefined) {
        const jobId = await begin().catch((error: unknown) => {
          throw isRefusal(error) && !progress.batchStarts
            ? new OmopipeError("SCORING_FAILED", messageOf(error), { cause: error })
            : error;
        });
        await save({ jobId });
      }
      const jobId = progress.jobId!;
      const job = await client.waitForJob(jobId, { workflow: "batch", signal }).catch(asFailed);
      const source = job.model_source ? `${modelSource}, ${job.model_source}` : modelSource;
      return {
        scores: scoresOf(client, jobId, source, signal),
        exclusions: listed(client.listJobExclusions(jobId, { signal }), exclusionsOf),
        troubles: listed(client.listJobErrors(jobId, { signal }), (errors) =>
          errors.map(({ message }) => withoutValues(message)),
        ),
      };
    },
  };
}

/** What a service says of a request that it will not take in this form the next time either. */
const isRefusal = (error: unknown) => [400, 422].includes(statusOf(error) ?? 0);

async function fill(client: PhenomClient, batchId: string, { files, saveUpload }: BatchInHand, signal: AbortSignal) {
  for (const { kind, path, upload } of files) {
    await client.uploadFile(
      batchId,
      { kind, path },
      { signal, state: upload, save: (state) => saveUpload(path, state) },
    );
  }
  // To freeze a batch again changes nothing; services that refuse it have it frozen already.
  await client.finalizeBatch(batchId, { signal, repeatUncertain: true }).catch(async (error: unknown) => {
    if (statusOf(error) !== 409 || !(await isFinalized(client, batchId, signal))) throw error;
  });
}

async function isFinalized(client: PhenomClient, batchId: string, signal: AbortSignal): Promise<boolean> {
  return (await client.getBatch(batchId, { signal })).status.toUpperCase() === "FINALIZED";
}

async function start(
  client: PhenomClient,
  batchId: string,
  outcomeIds: readonly string[],
  repeatStart: boolean | undefined,
  save: (progress: Progress) => Promise<void>,
  signal: AbortSignal,
): Promise<string> {
  await save({ batchStarts: true });
  for (let tries = 1; ; tries++) {
    try {
      return (await client.startBatch(batchId, outcomeIds, { signal, repeatUncertain: repeatStart })).job_id;
    } catch (error) {
      const certainlyNot = error instanceof OmopipeError && ["HTTP_STATUS", "HTTP_NETWORK"].includes(error.code);
      if (certainlyNot && !repeatStart) await save({ batchStarts: false });
      if (!(error instanceof OmopipeError && error.code === "CALL_UNCERTAIN")) throw error;
      const jobs = await jobsOf(client, batchId, signal);
      if (jobs?.[0] !== undefined) return jobs[0];
      if (jobs === undefined || tries === 3) throw error;
    }
  }
}

/**
 * Services that tell which jobs a batch has: where none is told, none was started. The contract does not promise it. Throws
 * JOB_FAILED where the batch is not there any more.
 */
async function jobsOf(client: PhenomClient, batchId: string, signal: AbortSignal): Promise<string[] | undefined> {
  const batch = await client.getBatch(batchId, { signal }).catch(asFailed);
  return z.array(z.string()).safeParse(batch.job_ids).data;
}

function startUncertain(batchId: string): OmopipeError {
  return new OmopipeError(
    "CALL_UNCERTAIN",
    "A run ended while it was starting a batch, and the service does not tell whether the batch was started. Ask its " +
      "operator; or start it again (repeatStart, --repeat-start), which services may score and bill twice.",
    { record: `batch ${batchId}` },
  );
}

/** A batch or job that the service does not know any more gives no results: its patients are to be scored anew. */
function asFailed(error: unknown): never {
  if (statusOf(error) !== 404) throw error;
  throw new OmopipeError("JOB_FAILED", "The service has forgotten this batch before its results were read.", {
    cause: error,
  });
}

async function* scoresOf(
  client: PhenomClient,
  jobId: string,
  modelSource: string,
  signal: AbortSignal,
): AsyncGenerator<readonly Score[]> {
  const named = (results: readonly JobResult[]) => results.map((result) => ({ ...result, model_source: modelSource }));
  try {
    for await (const results of client.downloadJobResults(jobId, { signal })) yield named(results);
  } catch (error) {
    if (!(error instanceof OmopipeError && error.code === "NOT_OFFERED")) throw error;
    for await (const results of client.listJobResults(jobId, { signal })) yield named(results);
  }
}

/** Who was not scored, one a patient and outcome; of all outcomes where the service names none. */
export function exclusionsOf(page: readonly JobExclusion[]): Exclusion[] {
  return page.flatMap(({ patient_id, reason, detail, outcomes_affected }) => {
    const exclusion = { patient_id, reason: reason ?? "not told", detail };
    if (!outcomes_affected?.length) return [exclusion];
    return outcomes_affected.map((outcome_id) => ({ ...exclusion, outcome_id }));
  });
}

/** The items of pages; none where the deployment has no such list. */
export async function* listed<From, To>(
  pages: AsyncIterable<readonly From[]>,
  map: (page: readonly From[]) => readonly To[],
): AsyncGenerator<readonly To[]> {
  try {
    for await (const page of pages) yield map(page);
  } catch (error) {
    if (!notOfferedStatuses.has(statusOf(error))) throw error;
  }
}
