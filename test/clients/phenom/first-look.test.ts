import { describe, expect, it } from "vitest";
import { firstLook } from "../../../src/clients/phenom/first-look.ts";

describe("the first look at a job", () => {
  it("comes at once while jobs are done at once, later after each that was too early, up to the latest", () => {
    const first = firstLook(1000);
    first.found(true);
    expect(first.milliseconds).toBe(0);
    const waits = Array.from({ length: 12 }, () => {
      first.found(false);
      return first.milliseconds;
    });
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 1000]);
  });

  it("comes earlier again, down to at once, while jobs are done by then", () => {
    const first = firstLook(1000);
    for (let looks = 0; looks < 4; looks++) first.found(false);
    first.found(true);
    expect(first.milliseconds).toBeCloseTo(7.2);
    for (let looks = 0; looks < 30; looks++) first.found(true);
    expect(first.milliseconds).toBe(0);
  });

  it.each([3, 40, 700])("settles about where jobs of %i ms are done: few looks are early, few waits long", (needed) => {
    const first = firstLook(1000);
    let early = 0;
    let waited = 0;
    for (let jobs = 0; jobs < 1000; jobs++) {
      const done = first.milliseconds >= needed;
      if (!done) early += 1;
      waited += first.milliseconds;
      first.found(done);
    }
    expect(early).toBeLessThan(250);
    expect(waited / 1000).toBeLessThan(2 * needed);
  });
});
