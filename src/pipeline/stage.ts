/** What flows between streaming stages: some rows at once, because single rows cost more than half the speed. */
export type Batch<Row> = readonly Row[];

/** How far a stage has come. */
export interface Progress {
  /** Units finished so far. */
  readonly done: number;
  /** Units in all, where known. */
  readonly total?: number | undefined;
  /** What is counted: "files", "patients", "batches". */
  readonly unit: string;
  /** What numbers do not tell, in a few words for people. */
  readonly message?: string | undefined;
}

/** What the pipeline tells its observer. */
export interface ProgressEvent extends Partial<Progress> {
  readonly runId: string;
  readonly stage: string;
  readonly state: "started" | "running" | "warning" | "done" | "failed";
  readonly elapsedMilliseconds: number;
  /** A sentence for people: a warning, or what the stage did. */
  readonly message?: string | undefined;
}

/** What a stage is given beside its input. `target` is what the pipeline was run against: a warehouse, or nothing. */
export interface StageContext<Target> {
  readonly target: Target;
  readonly runId: string;
  readonly signal: AbortSignal;
  readonly progress: (progress: Progress) => void;
  readonly warn: (message: string) => void;
}

/**
 * One step of a pipeline: takes `In`, gives `Out`, and works on a `Target`. A stage that gives nothing (`void`) is there for
 * its effect: the pipeline passes on what it took.
 * A stage is a plain object, so a user's own stage needs no base class.
 *
 * @example
 * const double: Stage<number, number> = { name: "double", execute: (value) => value * 2 };
 */
export interface Stage<In, Out, Target = unknown> {
  readonly name: string;
  readonly execute: (input: In, context: StageContext<Target>) => Out | Promise<Out>;
}

/**
 * A source of batches: the first stage of a streaming pipeline.
 * The generator is pulled one batch at a time, so it never runs ahead of the stages behind it.
 *
 * @example
 * const numbers = source("numbers", async function* () {
 *   for (let i = 0; i < 3; i++) yield [i];
 * });
 */
export function source<Row, Target = unknown>(
  name: string,
  read: (context: StageContext<Target>) => AsyncIterable<Batch<Row>>,
): Stage<undefined, AsyncIterable<Batch<Row>>, Target> {
  return { name, execute: (_input, context) => read(context) };
}

/**
 * A sink: takes every batch and gives a result when the last one is in.
 *
 * @example
 * const count = sink("count", async (batches: AsyncIterable<Batch<unknown>>) => {
 *   let rows = 0;
 *   for await (const batch of batches) rows += batch.length;
 *   return rows;
 * });
 */
export function sink<Row, Result, Target = unknown>(
  name: string,
  write: (batches: AsyncIterable<Batch<Row>>, context: StageContext<Target>) => Promise<Result>,
): Stage<AsyncIterable<Batch<Row>>, Result, Target> {
  return { name, execute: write };
}
