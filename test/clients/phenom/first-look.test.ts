import { describe, expect, it } from "vitest";
import { firstLook } from "../../../src/clients/phenom/first-look.ts";

describe("the first look at a job", () => {
  it("comes at once while jobs are done at once, later after each that was too early, up to the latest", () => {
    const first = firstLook(1000);
    first.found(true, 0);
    expect(first.milliseconds).toBe(0);
    const waits = Array.from({ length: 18 }, () => {
      first.found(false, first.milliseconds);
      return first.milliseconds;
    });
    expect(waits.slice(0, 4)).toEqual([1, 2.5, 4.75, 8.125]);
    expect(waits.slice(-2)).toEqual([1000, 1000]);
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
  });

  it("comes earlier again, down to at once, while jobs are done by then", () => {
    const first = firstLook(1000);
    for (let looks = 0; looks < 4; looks++) first.found(false, first.milliseconds);
    first.found(true, first.milliseconds);
    expect(first.milliseconds).toBeCloseTo(7.88);
    for (let looks = 0; looks < 100; looks++) first.found(true, first.milliseconds);
    expect(first.milliseconds).toBe(0);
  });

  it.each([3, 40, 700])("settles about where jobs of %i ms are done: few looks are early, few waits long", (needed) => {
    const first = firstLook(15_000);
    let early = 0;
    let waited = 0;
    for (let jobs = 0; jobs < 1000; jobs++) {
      const wait = first.milliseconds;
      const done = wait >= needed;
      if (!done) early += 1;
      waited += wait;
      first.found(done, wait);
    }
    expect(early).toBeLessThan(120);
    expect(waited / 1000).toBeLessThan(2 * needed);
  });

  it("comes at most twice as late or a tenth earlier, however many jobs were looked at together", () => {
    const first = firstLook(15_000);
    while (first.milliseconds < 100) first.found(false, first.milliseconds);
    const waited = first.milliseconds;
    for (let jobs = 0; jobs < 64; jobs++) first.found(false, waited);
    expect(first.milliseconds).toBeLessThanOrEqual(2 * waited + 1);

    const longer = first.milliseconds;
    for (let jobs = 0; jobs < 64; jobs++) first.found(true, longer);
    expect(first.milliseconds).toBeGreaterThanOrEqual(0.9 * longer);
  });
});
