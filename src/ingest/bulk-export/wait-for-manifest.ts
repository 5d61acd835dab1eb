import { setTimeout as sleep } from "node:timers/promises";
import type { BulkClient, Manifest } from "../../clients/fhir/bulk-client.ts";
import { delayAt, type Schedule, type ScheduleOptions, scheduleOf } from "../../clients/http/backoff.ts";
import { OmopipeError } from "../../pipeline/errors.ts";
import type { Progress } from "../../pipeline/stage.ts";

/** How often to look at an export, and for how long. `capMilliseconds` bounds what `Retry-After` may ask for. */
export interface PollOptions extends ScheduleOptions {
  readonly deadlineMilliseconds?: number | undefined;
}

/** Looks 1 s, 1.5 s … 5 min apart, for a day. */
const pollSchedule: Schedule = { firstMilliseconds: 1000, factor: 1.5, capMilliseconds: 300_000 };
const day = 24 * 60 * 60 * 1000;

export interface WaitContext {
  readonly poll: PollOptions | undefined;
  readonly signal: AbortSignal;
  readonly progress: (progress: Progress) => void;
}

/** Looks at an export until it is done and gives its manifest, all pages of it. Throws JOB_TIMEOUT past the deadline. */
export async function waitForManifest(
  client: BulkClient,
  statusUrl: string,
  context: WaitContext,
): Promise<[Manifest, ...Manifest[]]> {
  const first = await waitForPage(client, statusUrl, context);
  const pages: [Manifest, ...Manifest[]] = [first];
  const seen = new Set([statusUrl]);
  let at = statusUrl;
  for (let next = nextOf(first, at); next !== undefined && !seen.has(next); ) {
    seen.add(next);
    at = next;
    const page = await waitForPage(client, at, context);
    pages.push(page);
    next = nextOf(page, at);
  }
  return pages;
}

function nextOf({ link }: Manifest, at: string): string | undefined {
  const next = link?.find(({ relation }) => relation === "next")?.url;
  return next === undefined ? undefined : new URL(next, at).href;
}

async function waitForPage(
  client: BulkClient,
  url: string,
  { poll, signal, progress }: WaitContext,
): Promise<Manifest> {
  const schedule = scheduleOf(poll, pollSchedule);
  const deadline = performance.now() + (poll?.deadlineMilliseconds ?? day);
  for (let looks = 1; ; looks++) {
    const look = await client.look(url, { signal });
    if (look.manifest) return look.manifest;
    const left = deadline - performance.now();
    if (left <= 0) {
      throw new OmopipeError(
        "JOB_TIMEOUT",
        "The export was not ready in time. It goes on at the server: run the same again to go on waiting for it.",
        { retryable: true },
      );
    }
    // "0", or a date that has passed, must not make us ask without a pause.
    const asked = look.retryAfterMilliseconds ?? delayAt(schedule, looks);
    const wait = Math.min(Math.max(asked, schedule.firstMilliseconds), schedule.capMilliseconds, left);
    progress(progressOf(look.progress, looks, wait));
    await sleep(wait, undefined, { signal });
  }
}

function progressOf(said: string | undefined, looks: number, wait: number): Progress {
  const message = `the server is at work${said === undefined ? "" : ` (${said})`}; next look in ${Math.ceil(wait / 1000)} s`;
  const percent = /(\d+(?:\.\d+)?)\s*%/.exec(said ?? "")?.[1];
  if (percent === undefined) return { done: looks, unit: "looks at the export", message };
  return { done: Number(percent), total: 100, unit: "% exported", message };
}
