import type { Batch, Stage, StageContext } from "./stage.ts";

/** How a step is carried out. */
export interface MapBatchesOptions {
  /** How many batches may be in work at once. Default 1. Memory holds this many batches. */
  readonly concurrency?: number | undefined;
}

/**
 * A user's own step over batches. Results keep the order of their batches whatever finishes first.
 * An empty result is passed on as no batch at all.
 *
 * @example
 * const adults = mapBatches("adults", (batch: Batch<{ age: number }>) => batch.filter((row) => row.age >= 18));
 */
export function mapBatches<In, Out, Target = unknown>(
  name: string,
  map: (batch: Batch<In>, context: StageContext<Target>) => Batch<Out> | Promise<Batch<Out>>,
  options: MapBatchesOptions = {},
): Stage<AsyncIterable<Batch<In>>, AsyncIterable<Batch<Out>>, Target> {
  const concurrency = Math.max(1, options.concurrency ?? 1);
  return {
    name,
    execute: (batches, context) => inOrder(batches, (batch) => map(batch, context), concurrency),
  };
}

async function* inOrder<In, Out>(
  batches: AsyncIterable<Batch<In>>,
  map: (batch: Batch<In>) => Batch<Out> | Promise<Batch<Out>>,
  concurrency: number,
): AsyncGenerator<Batch<Out>> {
  const inWork: Promise<Batch<Out>>[] = [];
  const next = async (): Promise<Batch<Out>> => inWork.shift() ?? [];
  for await (const batch of batches) {
    const result = (async () => map(batch))();
    // A failure is seen when its turn comes; until then it must not count as unhandled.
    result.catch(() => {});
    inWork.push(result);
    if (inWork.length < concurrency) continue;
    const done = await next();
    if (done.length > 0) yield done;
  }
  while (inWork.length > 0) {
    const done = await next();
    if (done.length > 0) yield done;
  }
}

/**
 * Cuts a stream into batches of an even size; the last one may be shorter.
 *
 * @example
 * pipeline(numbers, rebatch(1024), count)
 */
export function rebatch<Row>(size: number): Stage<AsyncIterable<Batch<Row>>, AsyncIterable<Batch<Row>>> {
  return {
    name: `rebatch(${size})`,
    async *execute(batches) {
      let waiting: Row[] = [];
      for await (const batch of batches) {
        for (const row of batch) {
          waiting.push(row);
          if (waiting.length < size) continue;
          yield waiting;
          waiting = [];
        }
      }
      if (waiting.length > 0) yield waiting;
    },
  };
}
