import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mapBatches, rebatch } from "../../src/pipeline/map-batches.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import type { Batch } from "../../src/pipeline/stage.ts";
import { batchesOf, collect } from "../support/stages.ts";

const batches = fc.array(fc.array(fc.integer(), { maxLength: 20 }), { maxLength: 20 });

describe("rebatch", () => {
  it("keeps every row and the order, whatever the sizes before and after", async () => {
    await fc.assert(
      fc.asyncProperty(batches, fc.integer({ min: 1, max: 30 }), async (before, size) => {
        const after = await pipeline(batchesOf(before), rebatch<number>(size), collect()).run();
        expect(after.flat()).toEqual(before.flat());
        expect(after.slice(0, -1).every((batch) => batch.length === size)).toBe(true);
        expect(after.every((batch) => batch.length >= 1 && batch.length <= size)).toBe(true);
      }),
    );
  });
});

describe("mapBatches", () => {
  it("equals map over the rows, whatever the concurrency and whatever finishes first", async () => {
    await fc.assert(
      fc.asyncProperty(
        batches,
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.nat(4), { minLength: 1 }),
        async (before, concurrency, turns) => {
          let call = 0;
          const triple = mapBatches(
            "triple",
            async (batch: Batch<number>) => {
              for (let left = turns[call++ % turns.length]!; left > 0; left--) await nextTurn();
              return batch.map((value) => 3 * value);
            },
            { concurrency },
          );
          const after = await pipeline(batchesOf(before), triple, collect()).run();
          expect(after).toEqual(
            before.filter((batch) => batch.length > 0).map((batch) => batch.map((value) => 3 * value)),
          );
        },
      ),
    );
  });

  it("composes: one step after the other equals both in one", async () => {
    const half = mapBatches("half", (batch: Batch<number>) => batch.filter((value) => value % 2 === 0));
    const text = mapBatches("text", (batch: Batch<number>) => batch.map(String));
    const both = mapBatches("both", (batch: Batch<number>) => batch.filter((value) => value % 2 === 0).map(String));
    await fc.assert(
      fc.asyncProperty(batches, async (before) => {
        expect(await pipeline(batchesOf(before), half, text, collect()).run()).toEqual(
          await pipeline(batchesOf(before), both, collect()).run(),
        );
      }),
    );
  });
});
