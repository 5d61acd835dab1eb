import { randomUUID } from "node:crypto";
import { inStage, messageOf, OmopipeError } from "./errors.ts";
import type { ProgressEvent, Stage, StageContext } from "./stage.ts";

/** Where runs are written down. A target that has a `ledger` (a warehouse) gets one entry a run. */
export interface RunLedger {
  begin(run: { runId: string; stages: readonly string[]; startedAt: Date }): Promise<void>;
  /** Called as each stage begins, so that of a run that was killed it is known where. */
  enter(run: { runId: string; stage: string }): Promise<void>;
  end(run: {
    runId: string;
    status: "done" | "failed" | "aborted";
    message?: string | undefined;
    /** Where it stopped, unless it is done. */
    stage?: string | undefined;
    /** What its stages warned of, in this order. */
    warnings: readonly string[];
  }): Promise<void>;
}

/** How a pipeline is run. */
export interface RunOptions {
  /** Stops the run between batches and inside every call that waits. */
  readonly signal?: AbortSignal | undefined;
  /** Told when stages start, come on, warn, are done and fail. Default: nobody, so warnings are in the ledger alone. */
  readonly onProgress?: ((event: ProgressEvent) => void) | undefined;
  /** The name of this run in the ledger. Default: a random UUID. */
  readonly runId?: string | undefined;
}

type RunArguments<Target> = unknown extends Target
  ? [target?: undefined, options?: RunOptions]
  : [target: Target, options?: RunOptions];

/** Stages in a row. A pipeline is itself a stage, so pipelines nest; one of sinks alone gives nothing, as they do. */
export interface Pipeline<In, Out, Target> extends Stage<In, Out, Target> {
  /** Its stages, those of nested pipelines among them. */
  readonly stages: readonly Stage<never, unknown, never>[];
  /**
   * Runs the stages one after the other against `target` and resolves to what the last one gives.
   * Rejects with an `OmopipeError` that names the stage.
   */
  readonly run: undefined extends In ? (...args: RunArguments<Target>) => Promise<Out> : never;
}

/**
 * What comes after a stage: what it gives, or, when it gives nothing, what it took. Types are inferred from the stage that
 * gives, never backwards from the one that takes.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: void is what a stage that gives nothing has for its output
type Given<Taken, Out> = [Out] extends [void] ? NoInfer<Taken> : NoInfer<Out>;

/**
 * Joins up to eight stages into a pipeline; pipelines nest, so longer ones are made of parts. Each stage must take what the
 * one before it gives (a stage that gives nothing passes on what it took): a wrong order does not compile.
 *
 * @example
 * const total = await pipeline(numbers, adults, count).run();
 */
export function pipeline<A, B, T1>(a: Stage<A, B, T1>): Pipeline<A, B, T1>;
export function pipeline<A, B, C, T1, T2>(
  a: Stage<A, B, T1>,
  b: Stage<Given<A, B>, C, T2>,
): Pipeline<A, Given<B, C>, T1 & T2>;
export function pipeline<A, B, C, D, T1, T2, T3>(
  a: Stage<A, B, T1>,
  b: Stage<Given<A, B>, C, T2>,
  c: Stage<Given<Given<A, B>, C>, D, T3>,
): Pipeline<A, Given<Given<B, C>, D>, T1 & T2 & T3>;
export function pipeline<A, B, C, D, E, T1, T2, T3, T4>(
  a: Stage<A, B, T1>,
  b: Stage<Given<A, B>, C, T2>,
  c: Stage<Given<Given<A, B>, C>, D, T3>,
  d: Stage<Given<Given<Given<A, B>, C>, D>, E, T4>,
): Pipeline<A, Given<Given<Given<B, C>, D>, E>, T1 & T2 & T3 & T4>;
export function pipeline<A, B, C, D, E, F, T1, T2, T3, T4, T5>(
  a: Stage<A, B, T1>,
  b: Stage<Given<A, B>, C, T2>,
  c: Stage<Given<Given<A, B>, C>, D, T3>,
  d: Stage<Given<Given<Given<A, B>, C>, D>, E, T4>,
  e: Stage<Given<Given<Given<Given<A, B>, C>, D>, E>, F, T5>,
): Pipeline<A, Given<Given<Given<Given<B, C>, D>, E>, F>, T1 & T2 & T3 & T4 & T5>;
export function pipeline<A, B, C, D, E, F, G, T1, T2, T3, T4, T5, T6>(
  a: Stage<A, B, T1>,
  b: Stage<Given<A, B>, C, T2>,
  c: Stage<Given<Given<A, B>, C>, D, T3>,
  d: Stage<Given<Given<Given<A, B>, C>, D>, E, T4>,
  e: Stage<Given<Given<Given<Given<A, B>, C>, D>, E>, F, T5>,
  f: Stage<Given<Given<Given<Given<Given<A, B>, C>, D>, E>, F>, G, T6>,
): Pipeline<A, Given<Given<Given<Given<Given<B, C>, D>, E>, F>, G>, T1 & T2 & T3 & T4 & T5 & T6>;
export function pipeline<A, B, C, D, E, F, G, H, T1, T2, T3, T4, T5, T6, T7>(
  a: Stage<A, B, T1>,
  b: Stage<Given<A, B>, C, T2>,
  c: Stage<Given<Given<A, B>, C>, D, T3>,
  d: Stage<Given<Given<Given<A, B>, C>, D>, E, T4>,
  e: Stage<Given<Given<Given<Given<A, B>, C>, D>, E>, F, T5>,
  f: Stage<Given<Given<Given<Given<Given<A, B>, C>, D>, E>, F>, G, T6>,
  g: Stage<Given<Given<Given<Given<Given<Given<A, B>, C>, D>, E>, F>, G>, H, T7>,
): Pipeline<A, Given<Given<Given<Given<Given<Given<B, C>, D>, E>, F>, G>, H>, T1 & T2 & T3 & T4 & T5 & T6 & T7>;
export function pipeline<A, B, C, D, E, F, G, H, I, T1, T2, T3, T4, T5, T6, T7, T8>(
  a: Stage<A, B, T1>,
  b: Stage<Given<A, B>, C, T2>,
  c: Stage<Given<Given<A, B>, C>, D, T3>,
  d: Stage<Given<Given<Given<A, B>, C>, D>, E, T4>,
  e: Stage<Given<Given<Given<Given<A, B>, C>, D>, E>, F, T5>,
  f: Stage<Given<Given<Given<Given<Given<A, B>, C>, D>, E>, F>, G, T6>,
  g: Stage<Given<Given<Given<Given<Given<Given<A, B>, C>, D>, E>, F>, G>, H, T7>,
  h: Stage<Given<Given<Given<Given<Given<Given<Given<A, B>, C>, D>, E>, F>, G>, H>, I, T8>,
): Pipeline<
  A,
  Given<Given<Given<Given<Given<Given<Given<B, C>, D>, E>, F>, G>, H>, I>,
  T1 & T2 & T3 & T4 & T5 & T6 & T7 & T8
>;
export function pipeline(...parts: Stage<never, unknown, never>[]): unknown {
  const stages = parts.flatMap((part) => ("stages" in part ? (part.stages as typeof parts) : [part]));
  const chain = stages as unknown as readonly Stage<unknown, unknown, unknown>[];
  const names = chain.map((stage) => stage.name);
  const executeAll = async (
    input: unknown,
    context: StageContext<unknown>,
    observe: Observer,
    ledger?: RunLedger,
  ): Promise<unknown> => {
    let value = input;
    for (const stage of chain) {
      await ledger?.enter({ runId: context.runId, stage: stage.name });
      const output = await executeOne(stage, value, context, observe);
      if (output !== undefined) value = output;
    }
    return value;
  };
  return {
    name: names.join(" → "),
    stages,
    execute: (input: unknown, context: StageContext<unknown>) => executeAll(input, context, silentObserver),
    run: async (target?: unknown, options: RunOptions = {}) => {
      const runId = options.runId ?? randomUUID();
      const signal = options.signal ?? new AbortController().signal;
      const ledger = ledgerOf(target);
      const observe = observer(runId, options.onProgress);
      const warnings: string[] = [];
      const warn = (message: string) => void warnings.push(message);
      const context: StageContext<unknown> = { target, runId, signal, progress: () => {}, warn };
      await ledger?.begin({ runId, stages: names, startedAt: new Date() });
      try {
        const result = await executeAll(undefined, context, observe, ledger);
        await ledger?.end({ runId, status: "done", warnings });
        return result;
      } catch (error) {
        const status = signal.aborted ? "aborted" : "failed";
        // A ledger that fails as well (a full disk, a closed warehouse) must not hide why the run failed.
        const stage = error instanceof OmopipeError ? error.stage : undefined;
        await ledger?.end({ runId, status, message: messageOf(error), stage, warnings }).catch(() => {});
        throw error;
      }
    },
  };
}

async function executeOne(
  stage: Stage<unknown, unknown, unknown>,
  input: unknown,
  context: StageContext<unknown>,
  observe: Observer,
): Promise<unknown> {
  const report = observe(stage.name);
  const inThisStage: StageContext<unknown> = {
    ...context,
    progress: (progress) => {
      report({ state: "running", ...progress });
      context.progress(progress);
    },
    warn: (message) => {
      report({ state: "warning", message });
      context.warn(message);
    },
  };
  try {
    context.signal.throwIfAborted();
    report({ state: "started" });
    const output = await stage.execute(input, inThisStage);
    if (isAsyncIterable(output)) return watched(output, stage.name, context.signal, report);
    report({ state: "done" });
    return output;
  } catch (error) {
    const named = inStage(error, stage.name, context.signal);
    report({ state: "failed", message: named.message });
    throw named;
  }
}

/** Passes batches on, tells how many, names the stage in errors, and ends at once when the run is stopped. */
async function* watched(
  batches: AsyncIterable<unknown>,
  stage: string,
  signal: AbortSignal,
  report: Report,
): AsyncGenerator<unknown> {
  const iterator = batches[Symbol.asyncIterator]();
  let done = 0;
  let open = true;
  let failed = false;
  const fail = (error: unknown): never => {
    failed = true;
    const named = inStage(error, stage, signal);
    report({ state: "failed", message: named.message });
    throw named;
  };
  try {
    while (true) {
      const step = await untilAborted(iterator.next(), signal);
      if (step.done) break;
      report({ state: "running", done: ++done, unit: "batches" });
      yield step.value;
    }
    open = false;
  } catch (error) {
    // An iterator that threw has ended; one that was stopped has not.
    open = signal.aborted;
    fail(error);
  } finally {
    const returned = open ? iterator.return?.() : undefined;
    // A stopped iterator may still wait for its source: it is told to end, but not waited for.
    if (signal.aborted) returned?.catch(() => {});
    else await returned?.catch(fail);
    if (!failed && !signal.aborted) report({ state: "done", done, unit: "batches" });
  }
}

/**
 * The promise, or a rejection as soon as the signal says stop. Not `Promise.race` with one promise for the whole run: that
 * one would hold on to every batch until the run ends.
 */
function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    promise.finally(() => signal.removeEventListener("abort", stop)).then(resolve, reject);
  });
}

type Report = (event: Omit<ProgressEvent, "runId" | "stage" | "elapsedMilliseconds">) => void;
type Observer = (stage: string) => Report;

const silentObserver: Observer = () => () => {};

function observer(runId: string, onProgress: RunOptions["onProgress"]): Observer {
  if (!onProgress) return silentObserver;
  return (stage) => {
    const start = performance.now();
    return (event) => onProgress({ runId, stage, elapsedMilliseconds: performance.now() - start, ...event });
  };
}

function ledgerOf(target: unknown): RunLedger | undefined {
  if (typeof target !== "object" || target === null || !("ledger" in target)) return undefined;
  return target.ledger as RunLedger | undefined;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
