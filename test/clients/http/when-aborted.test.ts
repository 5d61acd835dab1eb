import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { whenAborted } from "../../../src/clients/http/when-aborted.ts";

describe("what is done when a signal aborts", () => {
  it("is done once for each that has not been forgotten, by one listener", () => {
    const controller = new AbortController();
    const done: number[] = [];
    const forgets = [1, 2, 3].map((number) => whenAborted(controller.signal, () => done.push(number)));
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
    forgets[1]!();
    controller.abort();
    expect(done).toEqual([1, 3]);
  });
});
