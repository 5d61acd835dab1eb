import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { retryAfterMilliseconds } from "../../../src/clients/http/retry-after.ts";

const now = Date.parse("2026-01-01T12:00:00Z");

describe("Retry-After", () => {
  it.each([
    ["seconds", "120", 120_000],
    ["no wait", "0", 0],
    ["an HTTP date ahead", "Thu, 01 Jan 2026 12:00:30 GMT", 30_000],
    ["an HTTP date behind", "Thu, 01 Jan 2026 11:00:00 GMT", 0],
    ["the old RFC 850 form", "Thursday, 01-Jan-26 12:00:30 GMT", 30_000],
    ["the old asctime form in UTC", "Thu Jan  1 12:00:30 2026 GMT", 30_000],
    ["blanks around", " 5 ", 5000],
    ["no header", null, undefined],
    ["an empty header", "", undefined],
    ["a negative number", "-5", undefined],
    ["a fraction", "1.5", undefined],
    ["words", "soon", undefined],
    ["a day without a date", "Thursday", undefined],
  ])("reads %s", (_name, header, expected) => {
    expect(retryAfterMilliseconds(header, now)).toBe(expected);
  });

  it("gives a wait of zero or more, or nothing, whatever the header says", () => {
    const header = fc.oneof(
      fc.string(),
      fc.integer().map(String),
      fc.date({ noInvalidDate: true }).map((d) => d.toUTCString()),
    );
    fc.assert(
      fc.property(header, (text) => {
        const wait = retryAfterMilliseconds(text, now);
        return wait === undefined || wait >= 0;
      }),
    );
  });
});
