import { describe, expect, it } from "vitest";
import { tokenSource } from "../../../src/clients/http/token.ts";

describe("the token source", () => {
  it("asks a token function once and keeps what it gave", async () => {
    const hints: boolean[] = [];
    const tokens = tokenSource(({ refresh }) => {
      hints.push(refresh);
      return "one";
    });
    expect(await Promise.all([tokens.current(), tokens.current()])).toEqual(["one", "one"]);
    expect(await tokens.current()).toBe("one");
    expect(hints).toEqual([false]);
  });

  it("renews once for all who hold the stale token, and not for those who hold an older one", async () => {
    let asked = 0;
    const tokens = tokenSource(async () => `token-${++asked}`);
    const stale = await tokens.current();
    const renewed = await Promise.all([tokens.renew(stale), tokens.renew(stale), tokens.renew(stale)]);
    expect(renewed).toEqual(["token-2", "token-2", "token-2"]);
    expect(await tokens.renew(stale)).toBe("token-2");
    expect(asked).toBe(2);
  });

  it("renews a token a minute before it expires, and one that lives shortly after three quarters of its life", async () => {
    let now = 0;
    let asked = 0;
    const given = (life: number) =>
      tokenSource(
        () => ({ token: `token-${++asked}`, expiresAt: now + life }),
        () => now,
      );
    const long = given(300_000);
    expect(await long.current()).toBe("token-1");
    now = 239_000;
    expect(await long.current()).toBe("token-1");
    now = 240_000;
    expect(await Promise.all([long.current(), long.current()])).toEqual(["token-2", "token-2"]);
    const short = given(4000);
    expect(await short.current()).toBe("token-3");
    now += 2900;
    expect(await short.current()).toBe("token-3");
    now += 100;
    expect(await short.current()).toBe("token-4");
  });

  it("asks again after a failure instead of keeping it", async () => {
    let asked = 0;
    const tokens = tokenSource(() => {
      if (++asked === 1) throw new Error("identity provider is down");
      return "late";
    });
    await expect(tokens.current()).rejects.toThrow("identity provider is down");
    expect(await tokens.current()).toBe("late");
  });

  it("has nothing to renew for a fixed token", async () => {
    expect(await tokenSource("fixed").renew("fixed")).toBeUndefined();
    expect(await tokenSource(undefined).current()).toBeUndefined();
  });

  it.each(["", "abc def", "abc\n"])("refuses a token that no header can carry, without showing it", (token) => {
    expect(() => tokenSource(token)).toThrow(expect.objectContaining({ code: "USAGE" }));
    expect(() => tokenSource(token)).not.toThrow(/abc/);
  });
});
