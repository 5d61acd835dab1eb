import { setTimeout as sleep } from "node:timers/promises";
import type { Job } from "../../../schemas/phenom.ts";
import { OmopipeError } from "../../pipeline/errors.ts";
import { delayAt, type Schedule } from "../http/backoff.ts";
import type { Answer, CallOptions } from "../http/caller.ts";
import { abortedError } from "../http/failures.ts";
import type { FirstLook } from "./first-look.ts";

/** How often to look, and for how long. */
export interface PollSchedule extends Schedule {
  readonly deadlineMilliseconds: number;
}

/** For one patient: looks at 1 s, 1.5 s … 15 s apart, for 5 minutes. */
export const pollSchedule: PollSchedule = {
  firstMilliseconds: 1000,
  factor: 1.5,
  capMilliseconds: 15_000,
  deadlineMilliseconds: 300_000,
};

/** For a batch: looks at 1 s, 1.5 s … 60 s apart, for 24 hours. */
export const batchPollSchedule: PollSchedule = {
  ...pollSchedule,
  capMilliseconds: 60_000,
  deadlineMilliseconds: 86_400_000,
};

const succeeded: ReadonlySet<string> = new Set(["SUCCEEDED", "SUCCEEDED_WITH_EXCLUSIONS"]);
const failed: ReadonlySet<string> = new Set(["FAILED", "CANCELLED", "CANCELED", "EXPIRED", "ERROR"]);

/**
 * Looks at a job, at once (or when `first` says) and then on `schedule`, until it has come to an end. `Retry-After` sets the next wait where
 * the service sends it. States that are not known count as on the way. The deadline is checked between two looks.
 *
 * `clean` takes out of the service's own reason what belongs to patients.
 *
 * Gives the job when it succeeded; throws JOB_FAILED when it ended otherwise, JOB_TIMEOUT (worth another try, with the
 * same idempotency key) when the deadline has passed, ABORTED when stopped.
 */
export async function waitForJob(
  jobId: string,
  look: () => Promise<Answer<Job>>,
  schedule: PollSchedule,
  { signal }: CallOptions,
  clean: (reason: string) => string,
  first?: FirstLook,
): Promise<Job> {
  const deadline = performance.now() + schedule.deadlineMilliseconds;
  const waited = Math.min(first?.milliseconds ?? 0, schedule.deadlineMilliseconds);
  if (waited > 0) await pause(waited, signal);
  for (let looks = 1; ; looks++) {
    const { value: job, retryAfterMilliseconds } = await look();
    const status = job.status.toUpperCase();
    if (looks === 1) first?.found(succeeded.has(status) || failed.has(status), waited);
    if (succeeded.has(status)) return job;
    if (failed.has(status)) throw jobFailed(job, jobId, clean);

    const left = deadline - performance.now();
    if (left <= 0) throw jobTimeout(job, jobId, schedule.deadlineMilliseconds);
    const asked =
      retryAfterMilliseconds === undefined ? undefined : Math.max(retryAfterMilliseconds, schedule.firstMilliseconds);
    await pause(Math.min(asked ?? delayAt(schedule, looks), left), signal);
  }
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(milliseconds, undefined, { ...(signal && { signal }) }).catch((error: unknown) => {
    throw signal?.aborted ? abortedError("PhenOM", "the wait for a job", signal) : error;
  });
}

function jobFailed(job: Job, jobId: string, clean: (reason: string) => string): OmopipeError {
  const reason = clean(job.error_message ?? "the service gives no reason");
  return new OmopipeError(
    "JOB_FAILED",
    `A PhenOM job ended as ${job.status.toUpperCase()}: ${reason}. The same data will most likely fail again.`,
    { record: `job ${jobId}` },
  );
}

function jobTimeout(job: Job, jobId: string, milliseconds: number): OmopipeError {
  return new OmopipeError(
    "JOB_TIMEOUT",
    `A PhenOM job was still ${job.status.toUpperCase()} after ${milliseconds} ms. ` +
      "Allow more time, or look again later (for one patient: with the same idempotency key): the job goes on meanwhile.",
    { record: `job ${jobId}`, retryable: true },
  );
}
