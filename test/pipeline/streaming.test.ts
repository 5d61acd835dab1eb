import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { mapBatches, rebatch } from "../../src/pipeline/map-batches.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { type Batch, sink, source } from "../../src/pipeline/stage.ts";
import { batchesOf, collect, numbers } from "../support/stages.ts";

const double = mapBatches("double", (batch: Batch<number>) => batch.map((value) => 2 * value));

describe("a pipeline of the user's own stages", () => {
  it("runs without a warehouse: source, step, new batches, sink", async () => {
    const sum = sink("sum", async (batches: AsyncIterable<Batch<number>>) => {
      let total = 0;
      for await (const batch of batches) total += batch.reduce((some, value) => some + value, 0);
      return total;
    });
    expect(await pipeline(numbers(100), double, rebatch(7), sum).run()).toBe(10_100);
  });

  it("takes plain objects for stages", async () => {
    const three = { name: "three", execute: () => 3 };
    const square = { name: "square", execute: (value: number) => value * value };
    expect(await pipeline(three, square).run()).toBe(9);
  });

  it("may run any number of times, each time from the beginning", async () => {
    const load = pipeline(numbers(3), double, collect());
    expect(await load.run()).toEqual([[2], [4], [6]]);
    expect(await load.run()).toEqual([[2], [4], [6]]);
  });

  it("gives the stream itself when the last stage is one", async () => {
    const seen: number[] = [];
    for await (const batch of await pipeline(numbers(3), double).run()) seen.push(...batch);
    expect(seen).toEqual([2, 4, 6]);
  });

  it("passes on as no batch what a step leaves empty", async () => {
    const even = mapBatches("even", (batch: Batch<number>) => batch.filter((value) => value % 2 === 0));
    expect(await pipeline(numbers(5), even, collect()).run()).toEqual([[2], [4]]);
  });

  it("gives steps what the pipeline was run against, and the name of the run", async () => {
    const add = mapBatches<number, string, { unit: string }>("add", (batch, { target, runId }) =>
      batch.map((value) => `${value} ${target.unit} in ${runId}`),
    );
    const weights = await pipeline(numbers(1), add, collect()).run({ unit: "kg" }, { runId: "run-1" });
    expect(weights).toEqual([["1 kg in run-1"]]);
  });
});

describe("backpressure", () => {
  it("lets the source run no more than one batch ahead, through any number of steps", async () => {
    let given = 0;
    let taken = 0;
    let furthest = 0;
    const eager = source("eager", async function* () {
      for (let i = 0; i < 200; i++) {
        given += 1;
        furthest = Math.max(furthest, given - taken);
        yield [i];
      }
    });
    const slow = sink("slow", async (batches: AsyncIterable<Batch<number>>) => {
      for await (const _ of batches) {
        await nextTurn();
        await nextTurn();
        taken += 1;
      }
    });
    await pipeline(eager, double, double, rebatch(1), slow).run();
    expect([given, taken, furthest]).toEqual([200, 200, 1]);
  });

  it.each([1, 2, 5])("has %i batches in work with that concurrency, and never more", async (concurrency) => {
    let inWork = 0;
    let most = 0;
    const work = mapBatches(
      "work",
      async (batch: Batch<number>) => {
        inWork += 1;
        most = Math.max(most, inWork);
        await nextTurn();
        inWork -= 1;
        return batch;
      },
      { concurrency },
    );
    await pipeline(numbers(50), work, collect()).run();
    expect(most).toBe(concurrency);
  });

  it("keeps the order of batches when later ones finish first", async () => {
    const work = mapBatches(
      "work",
      async (batch: Batch<number>) => {
        for (let turns = 20 - batch[0]!; turns > 0; turns--) await nextTurn();
        return batch;
      },
      { concurrency: 4 },
    );
    expect((await pipeline(numbers(20), work, collect()).run()).flat()).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
  });

  it("keeps no batch that has been passed on", async () => {
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    const given: WeakRef<Batch<number>>[] = [];
    const some = source("some", async function* () {
      for (let i = 0; i < 100; i++) {
        const batch = [i];
        given.push(new WeakRef(batch));
        yield batch;
      }
    });
    let alive = Number.POSITIVE_INFINITY;
    const last = sink("last", async (batches: AsyncIterable<Batch<number>>) => {
      for await (const _ of batches) {
        if (given.length < 100) continue;
        await nextTurn();
        collectGarbage();
        alive = given.filter((batch) => batch.deref() !== undefined).length;
      }
    });
    await pipeline(some, rebatch<number>(1), double, last).run();
    expect(alive).toBeLessThan(5);
  });
});

describe("an early end", () => {
  it("reaches the source through all steps, before the run ends", async () => {
    let given = 0;
    let closed = false;
    const open = source("open", async function* () {
      try {
        while (true) yield [++given];
      } finally {
        await nextTurn();
        closed = true;
      }
    });
    const first = sink("first", async (batches: AsyncIterable<Batch<number>>) => {
      for await (const batch of batches) return batch[0];
      return undefined;
    });
    expect(await pipeline(open, double, rebatch<number>(1), first).run()).toBe(2);
    expect([given, closed]).toEqual([1, true]);
  });

  it("reaches the source when a later stage fails", async () => {
    let closed = false;
    const open = source("open", async function* () {
      try {
        while (true) yield [1];
      } finally {
        closed = true;
      }
    });
    const breaks = mapBatches("breaks", (): Batch<number> => {
      throw new Error("no");
    });
    await expect(pipeline(open, breaks, collect()).run()).rejects.toThrow("breaks: no");
    expect(closed).toBe(true);
  });

  it("leaves nothing behind on a signal that outlives the run", async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<AbortSignal["addEventListener"]>) => {
      listeners += 1;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<AbortSignal["removeEventListener"]>) => {
      listeners -= 1;
      removeEventListener.apply(signal, args);
    };
    await pipeline(numbers(20), double, rebatch<number>(3), collect()).run(undefined, { signal });
    expect(listeners).toBe(0);
  });
});

describe("new batches", () => {
  it("are even in size, the last one shorter", async () => {
    const uneven = batchesOf([[1], [2, 3, 4, 5], [], [6, 7]]);
    expect(await pipeline(uneven, rebatch<number>(3), collect()).run()).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
  });
});
