import { describe, expect, it } from "vitest";
import { mapBatches } from "../../src/pipeline/map-batches.ts";
import { pipeline, type RunLedger } from "../../src/pipeline/pipeline.ts";
import { type Batch, type ProgressEvent, type Stage, type StageContext, sink } from "../../src/pipeline/stage.ts";
import { failureOf } from "../support/failure.ts";
import { collect, forever, numbers } from "../support/stages.ts";

const increment: Stage<number, number> = { name: "increment", execute: (value) => value + 1 };
const double: Stage<number, number> = { name: "double", execute: (value) => 2 * value };
const three = { name: "three", execute: () => 3 };

describe("a stage that gives nothing", () => {
  const seen: unknown[] = [];
  const look: Stage<unknown, void> = { name: "look", execute: (value) => void seen.push(value) };

  it("passes on what it took", async () => {
    expect(await pipeline(three, look, increment, look).run()).toBe(4);
    expect(seen).toEqual([3, 4]);
  });

  it("is told from one that gives null, 0 or an empty text", async () => {
    for (const nothing of [null, 0, "", false]) {
      expect(await pipeline(three, { name: "nothing", execute: () => nothing }).run()).toBe(nothing);
    }
  });
});

describe("a pipeline in a pipeline", () => {
  const inner = pipeline(increment, double);

  it("is a stage like any other", async () => {
    expect(await pipeline(three, inner, increment).run()).toBe(9);
    expect(await pipeline(pipeline(three), pipeline(inner, pipeline(increment))).run()).toBe(9);
  });

  it("shows its stages in the outer one", () => {
    const outer = pipeline(three, inner, increment);
    expect(outer.stages.map(({ name }) => name)).toEqual(["three", "increment", "double", "increment"]);
    expect(outer.name).toBe("three → increment → double → increment");
  });

  it("may be carried out inside a stage of one's own, which is then named with it", async () => {
    const wrong: Stage<number, number> = {
      name: "wrong",
      execute: () => {
        throw new Error("no");
      },
    };
    const around: Stage<number, number> = {
      name: "around",
      execute: (value, context) => pipeline(increment, wrong).execute(value, context),
    };
    expect(await failureOf(pipeline(three, around).run())).toMatchObject({ stage: "wrong", message: "wrong: no" });
  });
});

describe("progress", () => {
  async function eventsOf(run: (onProgress: (event: ProgressEvent) => void) => Promise<unknown>) {
    const events: ProgressEvent[] = [];
    await run((event) => events.push(event));
    return events;
  }
  const short = ({ stage, state, done }: ProgressEvent) =>
    [stage, state, done].filter((part) => part !== undefined).join(" ");

  it("tells when each stage starts and is done, in order", async () => {
    const events = await eventsOf((onProgress) => pipeline(three, increment).run(undefined, { onProgress }));
    expect(events.map(short)).toEqual(["three started", "three done", "increment started", "increment done"]);
  });

  it("counts the batches of a stream as they pass, and names the run and the time", async () => {
    const events = await eventsOf((onProgress) =>
      pipeline(numbers(3), collect()).run(undefined, { onProgress, runId: "run-7" }),
    );
    expect(events.map(short)).toEqual([
      "batches started",
      "collect started",
      "batches running 1",
      "batches running 2",
      "batches running 3",
      "batches done 3",
      "collect done",
    ]);
    expect(new Set(events.map(({ runId }) => runId))).toEqual(new Set(["run-7"]));
    expect(events.every(({ elapsedMilliseconds }) => elapsedMilliseconds >= 0)).toBe(true);
    expect(events[2]).toMatchObject({ unit: "batches" });
  });

  it("tells that a stream is done whose taker had enough", async () => {
    const first = sink("first", async (batches: AsyncIterable<Batch<number>>) => {
      for await (const batch of batches) return batch[0];
      return undefined;
    });
    const events = await eventsOf((onProgress) => pipeline(numbers(3), first).run(undefined, { onProgress }));
    expect(events.map(short)).toContain("batches done 1");
  });

  it("passes on what a stage says of itself: how far it is, and warnings", async () => {
    const talks = {
      name: "talks",
      execute: (_input: undefined, { progress, warn }: StageContext<unknown>) => {
        progress({ done: 1, total: 2, unit: "files" });
        warn("A file is empty.");
      },
    };
    const events = await eventsOf((onProgress) => pipeline(talks).run(undefined, { onProgress }));
    expect(events.slice(1, 3)).toEqual([
      expect.objectContaining({ stage: "talks", state: "running", done: 1, total: 2, unit: "files" }),
      expect.objectContaining({ stage: "talks", state: "warning", message: "A file is empty." }),
    ]);
  });

  it("passes on what the stages of a pipeline inside a stage say", async () => {
    const talks = {
      name: "talks",
      execute: (_input: undefined, { progress, warn }: StageContext<unknown>) => {
        progress({ done: 1, unit: "files" });
        warn("A file is empty.");
      },
    };
    const around = {
      name: "around",
      execute: (input: undefined, context: StageContext<unknown>) => pipeline(talks).execute(input, context),
    };
    const events = await eventsOf((onProgress) => pipeline(around).run(undefined, { onProgress }));
    expect(events.map(short)).toEqual(["around started", "around running 1", "around warning", "around done"]);
  });

  it("tells which stage failed, and why", async () => {
    const breaks = mapBatches("breaks", (): Batch<number> => {
      throw new Error("no");
    });
    const events: ProgressEvent[] = [];
    await failureOf(
      pipeline(numbers(3), breaks, collect()).run(undefined, { onProgress: (event) => events.push(event) }),
    );
    expect(events.filter(({ state }) => state === "failed")[0]).toMatchObject({
      stage: "breaks",
      message: "breaks: no",
    });
  });
});

describe("the ledger of what a pipeline is run against", () => {
  interface Target {
    readonly ledger: RunLedger;
  }
  const begin: Stage<undefined, number, Target> = { name: "begin", execute: () => 3 };
  const wrong: Stage<undefined, number, Target> = {
    name: "wrong",
    execute: () => {
      throw new Error("no");
    },
  };

  function recording(): Target & { entries: unknown[] } {
    const entries: unknown[] = [];
    return {
      entries,
      ledger: {
        begin: async ({ runId, stages }) => void entries.push(["begin", runId, ...stages]),
        enter: async ({ runId, stage }) => void entries.push(["enter", runId, stage]),
        end: async ({ runId, status, message, stage }) => void entries.push(["end", runId, status, message, stage]),
      },
    };
  }

  it("has a beginning and an end for a run that is done", async () => {
    const book = recording();
    await pipeline(begin, pipeline(increment, double)).run(book, { runId: "run-1" });
    expect(book.entries).toEqual([
      ["begin", "run-1", "begin", "increment", "double"],
      ["enter", "run-1", "begin"],
      ["enter", "run-1", "increment"],
      ["enter", "run-1", "double"],
      ["end", "run-1", "done", undefined, undefined],
    ]);
  });

  it("names every run differently when it is not told how", async () => {
    const book = recording();
    await pipeline(begin).run(book);
    await pipeline(begin).run(book);
    expect(new Set((book.entries as string[][]).map(([, runId]) => runId)).size).toBe(2);
  });

  it("says where and why a run failed", async () => {
    const book = recording();
    await failureOf(pipeline(wrong).run(book, { runId: "run-1" }));
    expect(book.entries.at(-1)).toEqual(["end", "run-1", "failed", "wrong: no", "wrong"]);
  });

  it("tells a run that was stopped from one that failed", async () => {
    const book = recording();
    const controller = new AbortController();
    const hang = mapBatches<number, number, Target>("hang", forever);
    const run = pipeline(numbers(1), hang, collect()).run(book, { runId: "run-1", signal: controller.signal });
    controller.abort(new Error("Ctrl-C"));
    await failureOf(run);
    expect(book.entries.at(-1)).toEqual(["end", "run-1", "aborted", expect.stringContaining("Ctrl-C"), "batches"]);
  });

  it("does not hide why a run failed when it fails as well", async () => {
    const ledger: RunLedger = {
      begin: async () => {},
      enter: async () => {},
      end: async () => {
        throw new Error("the disk is full");
      },
    };
    expect((await failureOf(pipeline(wrong).run({ ledger }))).message).toBe("wrong: no");
  });
});
