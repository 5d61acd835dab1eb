import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { adaptiveConcurrency, adaptiveGate } from "../../../src/clients/http/adaptive-concurrency.ts";

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

describe("a gate", () => {
  const answered = (status: number) => ({ response: { ok: status < 300, status, headers: new Headers() } });

  it("lets as many through at once as are allowed, the first come first, and fewer after a refusal", async () => {
    const gate = adaptiveGate(adaptiveConcurrency(4), [429]);
    const order: number[] = [];
    const atOnce: number[] = [];
    let open = 0;
    await Promise.all(
      Array.from({ length: 12 }, (_, call) =>
        gate(async () => {
          order.push(call);
          atOnce.push(++open);
          await sleep(2);
          open -= 1;
          return answered(call < 4 ? 429 : 200);
        }),
      ),
    );
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(Math.max(...atOnce.slice(0, 4))).toBe(4);
    expect(Math.max(...atOnce.slice(4, 6))).toBe(2);
  });

  it("has the place of a call that failed for the next", async () => {
    const gate = adaptiveGate(adaptiveConcurrency(1), [429]);
    const broken = gate(async () => {
      throw new Error("broken");
    });
    const next = gate(async () => answered(200));
    await expect(broken).rejects.toThrow("broken");
    expect((await next).response.status).toBe(200);
  });
});
