import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Cron } from "croner";
import { messageOf, OmopipeError } from "../pipeline/errors.ts";

/**
 * `--schedule`: runs this same command at those times, each run a process of its own, one at a time (a time that comes while one runs is
 * passed over). Ends on SIGTERM or SIGINT: the run that is under way is told to stop, and waited for. Gives the exit code.
 */
export async function keepSchedule(expression: string): Promise<number> {
  const stopping = new AbortController();
  const stop = (signal: NodeJS.Signals) => stopping.abort(signal);
  process.once("SIGINT", stop).once("SIGTERM", stop);
  const job = cron(expression);
  try {
    while (!stopping.signal.aborted) {
      const next = job.nextRun();
      if (!next) throw new OmopipeError("USAGE", `--schedule "${expression}" names no time to come.`);
      say(`next run at ${next.toISOString()}`);
      await comes(next, stopping.signal);
      if (!stopping.signal.aborted) await runOnce(stopping.signal);
    }
    return 0;
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

const say = (text: string) => process.stderr.write(`${new Date().toISOString()} ${text}\n`);

function cron(expression: string): Cron {
  try {
    return new Cron(expression, { paused: true });
  } catch (error) {
    throw new OmopipeError(
      "USAGE",
      `--schedule "${expression}" is no cron expression: ${messageOf(error).replace(/\.+$/, "")}. Every night at two is "0 2 * * *".`,
      { cause: error },
    );
  }
}

/** Looks at the clock once a minute, which may be set, or have slept. */
async function comes(time: Date, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && Date.now() < time.getTime()) {
    const wait = Math.min(time.getTime() - Date.now(), 60_000);
    await sleep(wait, undefined, { signal }).catch(() => {});
  }
}

async function runOnce(signal: AbortSignal): Promise<void> {
  const child = spawn(
    process.execPath,
    [...process.execArgv, process.argv[1]!, ...withoutSchedule(process.argv.slice(2))],
    {
      stdio: "inherit",
    },
  );
  const stop = () => void child.kill("SIGTERM");
  signal.addEventListener("abort", stop, { once: true });
  try {
    const [code, killedBy] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    say(`the run ended with ${code ?? killedBy}`);
  } catch (error) {
    say(`the run could not be started: ${messageOf(error)}`);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function withoutSchedule(words: readonly string[]): string[] {
  const place = words.findIndex((word) => word === "--schedule" || word.startsWith("--schedule="));
  return words.toSpliced(place, words[place] === "--schedule" ? 2 : 1);
}
