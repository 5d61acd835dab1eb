import { performance } from "node:perf_hooks";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type CallerOptions, type CallOptions, createCaller, type Send } from "../../../src/clients/http/caller.ts";
import { statusOf } from "../../../src/clients/http/failures.ts";
import { overFetch } from "../../../src/clients/http/json-exchange.ts";
import { OmopipeError } from "../../../src/pipeline/errors.ts";
import { answer, cutBody, hangUp, loopback, silence, stall } from "./loopback.ts";

const exchange = overFetch(fetch);
const sendTo =
  (url: string): Send =>
  (attempt) =>
    exchange({ method: "GET", url: `${url}/thing`, headers: attempt.headers }, attempt);
const thing = z.object({ name: z.string() });
const ok = answer(200, { name: "done" });

/** One call of GET /thing, with waits of at most 2 ms unless the test says otherwise. */
async function getThing(url: string, options: Partial<CallerOptions> = {}, control: CallOptions = {}): Promise<string> {
  const backoff = { firstMilliseconds: 1, capMilliseconds: 2 };
  const call = createCaller({ service: "Service", token: "secret-token", backoff, ...options });
  return (await call("GET /thing", sendTo(url), thing, control)).value.name;
}

async function failureOf(promise: Promise<unknown>): Promise<OmopipeError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof OmopipeError)) throw new Error(`expected an OmopipeError, got ${String(error)}`);
  return error;
}

describe("a call", () => {
  it("sends the bearer token and gives the checked answer", async () => {
    await using server = await loopback(answer(200, { name: "done", more: 1 }));
    expect(await getThing(server.url)).toBe("done");
    expect(server.received[0]?.headers.authorization).toBe("Bearer secret-token");
  });

  it.each([
    ["408", answer(408, "")],
    ["429", answer(429, "")],
    ["500", answer(500, "oops")],
    ["503", answer(503, { detail: "later" })],
    ["a body cut short", cutBody],
    ["a broken connection", hangUp],
  ])("is repeated after %s", async (_name, trouble) => {
    await using server = await loopback(trouble, trouble, ok);
    expect(await getThing(server.url)).toBe("done");
    expect(server.received).toHaveLength(3);
  });

  it.each([400, 403, 404, 409, 422])("is not repeated after %i", async (status) => {
    await using server = await loopback(answer(status, { detail: "no" }), ok);
    const error = await failureOf(getThing(server.url));
    expect(error).toMatchObject({ code: "HTTP_STATUS", retryable: false });
    expect(statusOf(error)).toBe(status);
    expect(error.message).toContain(`answered ${status} to GET /thing`);
    expect(server.received).toHaveLength(1);
  });

  it("gives up after the last try and says that a later one may help", async () => {
    await using server = await loopback(answer(503, { message: "down for maintenance" }));
    const error = await failureOf(getThing(server.url, { retries: 2 }));
    expect(error).toMatchObject({ code: "HTTP_STATUS", retryable: true });
    expect(error.message).toMatch(
      /^Service answered 503 to GET \/thing \(try 3 of 3, request [0-9a-f-]{36}\): down for maintenance\.$/,
    );
    expect(server.received).toHaveLength(3);
  });

  it("fails as HTTP_NETWORK when nobody listens", async () => {
    const server = await loopback(ok);
    await server[Symbol.asyncDispose]();
    const error = await failureOf(getThing(server.url, { retries: 0 }));
    expect(error).toMatchObject({ code: "HTTP_NETWORK", retryable: true });
    expect(error.message).toContain("ECONNREFUSED");
  });

  it.each([
    ["never answers", silence],
    ["stops in the middle of the body", stall],
  ])("fails as HTTP_TIMEOUT when the server %s", async (_name, behaviour) => {
    await using server = await loopback(behaviour);
    const error = await failureOf(getThing(server.url, { timeoutMilliseconds: 50, retries: 1 }));
    expect(error).toMatchObject({ code: "HTTP_TIMEOUT", retryable: true });
    expect(server.received).toHaveLength(2);
  });

  it("does not follow redirects, so neither token nor body reach another place", async () => {
    await using elsewhere = await loopback(ok);
    await using server = await loopback(answer(307, "", { location: `${elsewhere.url}/thing` }));
    const error = await failureOf(getThing(server.url));
    expect(statusOf(error)).toBe(307);
    expect(error.message).toContain("Redirects are not followed");
    expect(elsewhere.received).toHaveLength(0);
  });
});

describe("Retry-After", () => {
  const slow = { firstMilliseconds: 60_000, capMilliseconds: 60_000 };

  it.each([
    ["seconds", "0"],
    ["an HTTP date", new Date(Date.now() - 60_000).toUTCString()],
  ])("in %s takes the place of the usual wait", async (_name, value) => {
    await using server = await loopback(answer(429, "", { "retry-after": value }), ok);
    expect(await getThing(server.url, { backoff: slow })).toBe("done");
  });

  it.each([
    ["seconds", () => "1"],
    ["an HTTP date", () => new Date(Date.now() + 2000).toUTCString()],
  ])("in %s is waited for", async (_name, value) => {
    await using server = await loopback(answer(503, "", { "retry-after": value() }), ok);
    const start = performance.now();
    await getThing(server.url, { backoff: { firstMilliseconds: 1 } });
    expect(performance.now() - start).toBeGreaterThan(900);
  });

  it("as an HTTP date is held against the date of the answer: the clock of the service may be behind", async () => {
    const [sent, free] = [new Date(Date.now() - 3_600_000), new Date(Date.now() - 3_599_000)].map((date) =>
      date.toUTCString(),
    );
    await using server = await loopback(answer(503, "", { date: sent!, "retry-after": free! }), ok);
    const start = performance.now();
    await getThing(server.url, { backoff: { firstMilliseconds: 1 } });
    expect(performance.now() - start).toBeGreaterThan(900);
  });

  it("that asks for no wait is obeyed once; then the usual wait is the least", async () => {
    await using server = await loopback(answer(429, "", { "retry-after": "0" }));
    const start = performance.now();
    await failureOf(getThing(server.url, { retries: 6, backoff: { firstMilliseconds: 100 } }));
    // Half of 0.2 + 0.4 + 0.8 + 1.6 + 3.2 s on average; less than this once in millions.
    expect(performance.now() - start).toBeGreaterThan(100);
    expect(server.received).toHaveLength(7);
  });

  it("is bounded by the cap", async () => {
    await using server = await loopback(answer(429, "", { "retry-after": "86400" }), ok);
    expect(await getThing(server.url)).toBe("done");
  });
});

describe("after a 401", () => {
  it("the token is renewed once for all calls, and each is repeated once", async () => {
    const hints: boolean[] = [];
    const token = async ({ refresh }: { refresh: boolean }): Promise<string> => {
      hints.push(refresh);
      return refresh ? "fresh" : "stale";
    };
    await using server = await loopback((response, request) => {
      const valid = request.headers.authorization === "Bearer fresh";
      (valid ? ok : answer(401, { detail: "expired" }))(response, request);
    });
    const call = createCaller({ service: "Service", token });
    const calls = Array.from({ length: 20 }, () => call("GET /thing", sendTo(server.url), thing));
    expect((await Promise.all(calls)).map(({ value }) => value.name)).toEqual(Array(20).fill("done"));
    expect(hints).toEqual([false, true]);
    expect(server.received).toHaveLength(40);
  });

  it("with the renewed token too, the call fails", async () => {
    let asked = 0;
    await using server = await loopback(answer(401, { detail: "unknown client" }));
    const error = await failureOf(getThing(server.url, { token: () => `token-${++asked}` }));
    expect(statusOf(error)).toBe(401);
    expect(error.message).toContain("Check the token");
    expect(asked).toBe(2);
    expect(server.received).toHaveLength(2);
  });

  it("what a failing token function throws reaches the caller unchanged, without another try", async () => {
    let asked = 0;
    const failure = new Error("identity provider is down");
    const token = (): string => {
      asked++;
      throw failure;
    };
    await using server = await loopback(ok);
    await expect(getThing(server.url, { token })).rejects.toBe(failure);
    expect([asked, server.received.length]).toEqual([1, 0]);
  });

  it("with a fixed token, the call fails at once", async () => {
    await using server = await loopback(answer(401, ""));
    expect(statusOf(await failureOf(getThing(server.url)))).toBe(401);
    expect(server.received).toHaveLength(1);
  });
});

describe("an answer that does not fit", () => {
  it("is refused with the place of each wrong member, not its value", async () => {
    await using server = await loopback(answer(200, { name: 4711 }));
    const error = await failureOf(getThing(server.url));
    expect(error).toMatchObject({ code: "RESPONSE_INVALID", retryable: false });
    expect(error.message).toContain("name:");
    expect(error.message).not.toContain("4711");
    expect(server.received).toHaveLength(1);
  });

  it.each([
    ["is not JSON", "<html>Jane Doe</html>", "not JSON"],
    ["is empty", "", "(whole)"],
  ])("is refused when it %s, without quoting it", async (_name, body, said) => {
    await using server = await loopback(answer(200, body));
    const error = await failureOf(getThing(server.url));
    expect(error.code).toBe("RESPONSE_INVALID");
    expect(error.message).toContain(said);
    expect(JSON.stringify([error.message, String(error.cause)])).not.toContain("Jane");
  });
});

describe("error messages", () => {
  it("hold neither the token nor confidential texts, even when the server repeats them", async () => {
    const echo = "Bearer secret-token may not see Jane Doe, born 1950-02-28";
    await using server = await loopback(answer(403, { detail: echo }));
    const patient = { name: "Jane Doe", born: "1950-02-28" };
    const error = await failureOf(getThing(server.url, {}, { confidential: patient }));
    expect(error.message).toContain("Bearer [withheld] may not see [withheld], born [withheld]");
    expect(JSON.stringify(error)).not.toMatch(/secret|Jane|1950/);
  });
});

describe("the signal", () => {
  it.each([
    ["while the server is silent", [silence]],
    ["while waiting for the next try", [answer(503, "", { "retry-after": "30" })]],
  ])("stops a call %s", async (_name, behaviours) => {
    await using server = await loopback(...behaviours);
    const controller = new AbortController();
    const failing = failureOf(
      getThing(server.url, { backoff: { capMilliseconds: 60_000 } }, { signal: controller.signal }),
    );
    setTimeout(() => controller.abort(new Error("enough")), 50);
    const start = performance.now();
    const error = await failing;
    expect(error).toMatchObject({ code: "ABORTED" });
    expect(error.message).toContain("enough");
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it("may be shared by many calls at once", async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): unknown => warnings.push(warning);
    process.on("warning", note);
    await using server = await loopback(ok);
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 30 }, () => getThing(server.url, {}, { signal })));
    process.off("warning", note);
    expect(warnings).toEqual([]);
  });

  it("that has fired already lets nothing out", async () => {
    await using server = await loopback(ok);
    const error = await failureOf(getThing(server.url, {}, { signal: AbortSignal.abort() }));
    expect(error.code).toBe("ABORTED");
    expect(server.received).toHaveLength(0);
  });
});
