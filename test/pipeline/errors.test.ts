import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { OmopipeError } from "../../src/pipeline/errors.ts";
import { mapBatches } from "../../src/pipeline/map-batches.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { type Batch, sink, source } from "../../src/pipeline/stage.ts";
import { failureOf } from "../support/failure.ts";
import { batchesOf, collect, numbers } from "../support/stages.ts";
import { unhandledRejectionsOf } from "../support/unhandled-rejections.ts";
import { userStep } from "../support/user-stage.ts";

describe("an error in a user's own step", () => {
  const failing = pipeline(batchesOf([[{ born: "1950-06-01" }], [{}]]), userStep, collect());

  it("names the stage, in the message and as a member, and has a code", async () => {
    const error = await failureOf(failing.run());
    expect(error).toMatchObject({ code: "STAGE_FAILED", stage: "ages", retryable: false });
    expect(error.message).toBe("ages: Cannot read properties of undefined (reading 'slice')");
  });

  it("has the thrown error for its cause, with the line of the user's file", async () => {
    const { cause } = await failureOf(failing.run());
    expect(cause).toBeInstanceOf(TypeError);
    expect((cause as Error).stack).toMatch(/user-stage\.ts:\d+/);
  });

  it("takes whatever was thrown", async () => {
    const rude = {
      name: "rude",
      execute: () => {
        throw "a text";
      },
    };
    expect(await failureOf(pipeline(rude).run())).toMatchObject({ message: "rude: a text", cause: "a text" });
  });

  it.each(["source", "sink"])("is named as well in a %s", async (place) => {
    const broken = source<number>("source", async function* () {
      yield [1];
      if (place === "source") throw new Error("it broke");
    });
    const full = sink("sink", async (batches: AsyncIterable<Batch<number>>) => {
      for await (const _ of batches) if (place === "sink") throw new Error("it broke");
    });
    expect(await failureOf(pipeline(broken, full).run())).toMatchObject({
      stage: place,
      message: `${place}: it broke`,
    });
  });

  it("is named as well where a stage ends early and its clean-up fails", async () => {
    const untidy = source<number>("untidy", async function* () {
      try {
        yield [1];
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: the mistake this test is about
        throw new Error("cannot close");
      }
    });
    const first = sink("first", async (batches: AsyncIterable<Batch<number>>) => {
      for await (const batch of batches) return batch[0];
      return undefined;
    });
    expect(await failureOf(pipeline(untidy, first).run())).toMatchObject({ stage: "untidy" });
  });
});

describe("an error that a stage throws on purpose", () => {
  const refuse = (error: OmopipeError) => ({
    name: "refuse",
    execute: () => {
      throw error;
    },
  });

  it("keeps its code, message, record, cause and whether a retry can help, and gets the stage", async () => {
    const cause = new Error("socket hang up");
    const thrown = new OmopipeError("HTTP_NETWORK", "The server is away.", {
      record: "page 3",
      retryable: true,
      cause,
    });
    const error = await failureOf(pipeline(refuse(thrown)).run());
    expect(error).toMatchObject({
      name: "OmopipeError",
      code: "HTTP_NETWORK",
      message: "The server is away.",
      stage: "refuse",
      record: "page 3",
      retryable: true,
    });
    expect(error.cause).toBe(cause);
  });

  it("keeps its own place as the cause when it had none", async () => {
    const thrown = new OmopipeError("USAGE", "Wrong.");
    expect((await failureOf(pipeline(refuse(thrown)).run())).cause).toBe(thrown);
  });

  it("passes unchanged when it names a stage already", async () => {
    const thrown = new OmopipeError("USAGE", "Wrong.", { stage: "deep inside" });
    expect(await failureOf(pipeline(refuse(thrown)).run())).toBe(thrown);
  });
});

describe("failures of work done ahead", () => {
  it("are seen when their turn comes: results before them are passed on", async () => {
    const seen: number[] = [];
    const third = mapBatches(
      "third",
      (batch: Batch<number>) => {
        if (batch[0] === 3) throw new Error("three");
        return batch;
      },
      { concurrency: 3 },
    );
    const note = mapBatches("note", (batch: Batch<number>) => {
      seen.push(...batch);
      return batch;
    });
    await expect(pipeline(numbers(9), third, note, collect()).run()).rejects.toThrow("third: three");
    expect(seen).toEqual([1, 2]);
  });

  it("never end as unhandled rejections", async () => {
    const all = mapBatches(
      "all",
      async (batch: Batch<number>) => {
        for (let turns = batch[0]!; turns > 0; turns--) await nextTurn();
        throw new Error(`batch ${batch[0]}`);
      },
      { concurrency: 8 },
    );
    const unhandled = await unhandledRejectionsOf(async () => {
      await expect(pipeline(numbers(20), all, collect()).run()).rejects.toThrow("all: batch 1");
    });
    expect(unhandled).toEqual([]);
  });
});
