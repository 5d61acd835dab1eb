import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { parse } from "fast-csv";
import { type DownloadManifest, type DownloadShard, type JobResult, jobResultSchema } from "../../../schemas/phenom.ts";
import { OmopipeError } from "../../pipeline/errors.ts";
import { jitteredDelayAt, type Schedule } from "../http/backoff.ts";
import type { CallOptions } from "../http/caller.ts";
import { abortedError, responseError } from "../http/failures.ts";
import { describeIssues } from "../http/issues.ts";
import { openFromStore } from "../http/object-store.ts";
import { hasExpired } from "./upload-context.ts";

/** What downloads are made with. */
export interface DownloadContext {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly manifestOf: (jobId: string, options: CallOptions) => Promise<DownloadManifest>;
  readonly retries: number;
  readonly backoff: Schedule;
  /** How long a download may stand still. */
  readonly idleMilliseconds: number;
}

const service = "The store of PhenOM";
const operation = "GET of a file of results";
const rowsPerBatch = 1000;

/**
 * The results of a job from its files, in batches, each file streamed. When a URL has expired or a file breaks off, the
 * manifest is asked for again, and the file read again behind the rows that were handed on.
 *
 * Memory: one batch of rows.
 */
export async function* downloadResults(
  context: DownloadContext,
  jobId: string,
  options: CallOptions,
): AsyncGenerator<readonly JobResult[]> {
  let manifest = await context.manifestOf(jobId, options);
  for (let number = 0; number < manifest.shards.length; number++) {
    const { key } = manifest.shards[number]!;
    let handedOn = 0;
    for (let failures = 0; ; ) {
      const shard = manifest.shards.find((other) => key && other.key === key) ?? manifest.shards[number];
      try {
        if (!shard) throw responseError("PhenOM", "GET /v1/job/{job_id}/results/download", "a file has gone");
        for await (const rows of batchesOf(context, shard, handedOn, failures + 1, options)) {
          handedOn += rows.length;
          failures = 0;
          yield rows;
        }
        break;
      } catch (error) {
        const again = error instanceof OmopipeError && (error.retryable || hasExpired(error));
        if (!again || ++failures > context.retries) throw error;
        await pause(jitteredDelayAt(context.backoff, failures), options.signal);
        manifest = await context.manifestOf(jobId, options);
      }
    }
  }
}

/** The rows of one file behind the first `skip`. */
async function* batchesOf(
  { fetch, idleMilliseconds, retries }: DownloadContext,
  { url, size }: DownloadShard,
  skip: number,
  attempt: number,
  { signal }: CallOptions,
): AsyncGenerator<readonly JobResult[]> {
  const call = { service, operation, attempt, attempts: retries + 1 };
  const limits = { idleMilliseconds, sizeBytes: size ?? undefined };
  const chunks = await openFromStore(fetch, call, url, limits, signal);
  // Not pipe(): it would let an error of the download pass by.
  const parser = Readable.from(chunks).compose(parse({ headers: true })) as AsyncIterable<Record<string, string>>;
  let row = 0;
  let batch: JobResult[] = [];
  try {
    for await (const cells of parser) {
      if (++row <= skip) continue;
      batch.push(resultOf(cells, row));
      if (batch.length < rowsPerBatch) continue;
      yield batch;
      batch = [];
    }
  } catch (error) {
    if (signal?.aborted) throw abortedError(service, operation, signal);
    // What a CSV parser says may quote the row.
    throw error instanceof OmopipeError ? error : responseError(service, operation, `row ${row + 1} is no CSV`);
  }
  if (batch.length > 0) yield batch;
}

const numeric = new Set(
  Object.keys(jobResultSchema.shape).filter((column) => column !== "patient_id" && column !== "outcome_id"),
);

/** A row by the names of the header: the known columns as numbers, others as they are. */
function resultOf(cells: Readonly<Record<string, string>>, row: number): JobResult {
  const members = Object.entries(cells).map(([name, cell]) => {
    return [name, numeric.has(name) && cell.trim() !== "" ? Number(cell) : cell] as const;
  });
  const checked = jobResultSchema.safeParse(Object.fromEntries(members));
  if (checked.success) return checked.data;
  throw responseError(service, operation, `row ${row}: ${describeIssues(checked.error)}`);
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(milliseconds, undefined, { ...(signal && { signal }) }).catch((error: unknown) => {
    throw signal?.aborted ? abortedError(service, operation, signal) : error;
  });
}
