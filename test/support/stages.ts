import { type Batch, type Stage, sink, source } from "../../src/pipeline/stage.ts";

/** Gives these batches, one after the other. */
export function batchesOf<Row>(batches: readonly Batch<Row>[]): Stage<undefined, AsyncIterable<Batch<Row>>> {
  return source("batches", async function* () {
    yield* batches;
  });
}

/** Gives 1, 2, 3 … in batches of one number. */
export function numbers(count: number): Stage<undefined, AsyncIterable<Batch<number>>> {
  return batchesOf(Array.from({ length: count }, (_, i) => [i + 1]));
}

/** Takes all batches and gives them as they came. */
export function collect<Row>(): Stage<AsyncIterable<Batch<Row>>, Batch<Row>[]> {
  return sink("collect", async (batches: AsyncIterable<Batch<Row>>) => {
    const all: Batch<Row>[] = [];
    for await (const batch of batches) all.push(batch);
    return all;
  });
}

/** A promise that never settles: someone who waits for something that does not come. */
export const forever = (): Promise<never> => new Promise(() => {});
