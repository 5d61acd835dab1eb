import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { mapBatches } from "../../src/pipeline/map-batches.ts";
import { pipeline, type RunOptions } from "../../src/pipeline/pipeline.ts";
import { type Batch, source } from "../../src/pipeline/stage.ts";
import { failureOf } from "../support/failure.ts";
import { collect, forever, numbers } from "../support/stages.ts";
import { unhandledRejectionsOf } from "../support/unhandled-rejections.ts";

/** Starts a run, stops it a moment later, and gives its error and how long it took to end after that. */
async function stopped(run: (target: undefined, options: RunOptions) => Promise<unknown>) {
  const controller = new AbortController();
  const running = failureOf(run(undefined, { signal: controller.signal }));
  await sleep(20);
  const start = performance.now();
  controller.abort(new Error("Ctrl-C"));
  const error = await running;
  return { error, milliseconds: performance.now() - start };
}

const silent = source<number>("silent server", async function* () {
  yield [1];
  await forever();
});

describe("stopping a run", () => {
  it("ends at once while a source waits for something that never comes", async () => {
    const { error, milliseconds } = await stopped(pipeline(silent, collect()).run);
    expect(error).toMatchObject({ code: "ABORTED", stage: "silent server", retryable: false });
    expect(error.message).toBe("Stopped in silent server: Ctrl-C");
    expect(milliseconds).toBeLessThan(500);
  });

  it.each([1, 4])("ends at once while a step waits (concurrency %i)", async (concurrency) => {
    const hang = mapBatches<number, number>("hang", forever, { concurrency });
    const { error, milliseconds } = await stopped(pipeline(numbers(9), hang, collect()).run);
    expect(error).toMatchObject({ code: "ABORTED", stage: "hang" });
    expect(milliseconds).toBeLessThan(500);
  });

  it("reaches a stage that waits by itself through its signal", async () => {
    const waits = {
      name: "waits",
      execute: (_input: undefined, { signal }: { signal: AbortSignal }) => sleep(60_000, undefined, { signal }),
    };
    const { error, milliseconds } = await stopped(pipeline(waits).run);
    expect(error).toMatchObject({ code: "ABORTED", stage: "waits", message: "Stopped in waits: Ctrl-C" });
    expect(milliseconds).toBeLessThan(500);
  });

  it("lets the source close as soon as the step in work lets go", async () => {
    let closed = false;
    const open = source<number>("open", async function* () {
      try {
        while (true) yield [1];
      } finally {
        closed = true;
      }
    });
    const slow = mapBatches("slow", async (batch: Batch<number>) => {
      await sleep(50);
      return batch;
    });
    const { error } = await stopped(pipeline(open, slow, collect()).run);
    expect(error.code).toBe("ABORTED");
    await expect.poll(() => closed, { timeout: 10_000 }).toBe(true);
  });

  it("starts nothing when the signal has said stop before", async () => {
    let started = false;
    const start = {
      name: "start",
      execute: () => {
        started = true;
      },
    };
    const error = await failureOf(pipeline(start).run(undefined, { signal: AbortSignal.abort(new Error("too late")) }));
    expect(error).toMatchObject({ code: "ABORTED", stage: "start", message: "Stopped in start: too late" });
    expect(started).toBe(false);
  });

  it("leaves no unhandled rejection, even when the waiting source fails afterwards", async () => {
    const late = source<number>("late", async function* () {
      yield [1];
      await sleep(30);
      throw new Error("the connection broke");
    });
    const unhandled = await unhandledRejectionsOf(async () => {
      expect((await stopped(pipeline(late, collect()).run)).error.code).toBe("ABORTED");
      await sleep(30);
    });
    expect(unhandled).toEqual([]);
  });
});
