import { describe, expect, it } from "vitest";
import { adaptiveConcurrency } from "../../../src/clients/http/adaptive-concurrency.ts";

describe("how many calls may be in flight", () => {
  it("halves at a refusal, those of the calls in flight with it counting as one", () => {
    const concurrency = adaptiveConcurrency(64);
    for (let refusals = 0; refusals < 64; refusals++) concurrency.refused();
    expect(concurrency.limit).toBe(32);
    concurrency.refused();
    expect(concurrency.limit).toBe(16);
  });

  it("rises by one for as many answers as are allowed, and no higher than it was", () => {
    const concurrency = adaptiveConcurrency(4);
    concurrency.refused();
    const limits = Array.from({ length: 12 }, () => {
      concurrency.answered();
      return concurrency.limit;
    });
    expect(limits).toEqual([2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4]);
  });

  it("never falls below the least", () => {
    const concurrency = adaptiveConcurrency(16, 4);
    for (let refusals = 0; refusals < 100; refusals++) concurrency.refused();
    expect(concurrency.limit).toBe(4);
  });
});
