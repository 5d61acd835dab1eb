import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { delayAt, jitteredDelayAt, retrySchedule, scheduleOf } from "../../../src/clients/http/backoff.ts";

describe("waiting times between tries", () => {
  it("double from one second up to a minute", () => {
    expect([1, 2, 3, 6, 7, 8, 100].map((n) => delayAt(retrySchedule, n) / 1000)).toEqual([1, 2, 4, 32, 60, 60, 60]);
  });

  it("keep their defaults where nothing else is said", () => {
    const schedule = scheduleOf({ firstMilliseconds: 10, factor: undefined }, retrySchedule);
    expect(schedule).toEqual({ firstMilliseconds: 10, factor: 2, capMilliseconds: 60_000 });
  });

  it("with full jitter lie anywhere between nothing and the full time", () => {
    expect(jitteredDelayAt(retrySchedule, 3, () => 0)).toBe(0);
    expect(jitteredDelayAt(retrySchedule, 3, () => 0.5)).toBe(2000);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (n, at) => {
          const wait = jitteredDelayAt(retrySchedule, n, () => at);
          return wait >= 0 && wait <= delayAt(retrySchedule, n);
        },
      ),
    );
  });
});
