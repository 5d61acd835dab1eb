import { OmopipeError } from "../../pipeline/errors.ts";

/** A token, and until when it is good: in milliseconds since 1970. */
export interface ExpiringToken {
  readonly token: string;
  readonly expiresAt: number;
}

/**
 * A bearer token, or a function that gets one. The function is asked once and its token kept, where it says until when, until
 * shortly before; after a 401 it is asked again with `refresh: true` and must then bring a new one. What it throws reaches
 * the caller unchanged.
 */
export type Token =
  | string
  | ((hint: { readonly refresh: boolean }) => string | ExpiringToken | Promise<string | ExpiringToken>);

/** Hands out the token; calls that fail together share one renewal. */
export interface TokenSource {
  current(): Promise<string | undefined>;
  /** A token to use in place of `stale`, or undefined where there is no way to get one. */
  renew(stale: string | undefined): Promise<string | undefined>;
}

/** A token is renewed this long before it expires, or, where it lives shortly, after three quarters of its life. */
const earlyMilliseconds = 60_000;

/** Wraps a fixed token, a token function, or none at all. */
export function tokenSource(token: Token | undefined, now: () => number = Date.now): TokenSource {
  if (typeof token !== "function") {
    const fixed = token === undefined ? undefined : checked(token);
    return { current: async () => fixed, renew: async () => undefined };
  }
  let held: Promise<string> | undefined;
  let renewAt = Number.POSITIVE_INFINITY;
  const ask = (refresh: boolean): Promise<string> => {
    renewAt = Number.POSITIVE_INFINITY;
    const asked = (async () => {
      const given = await token({ refresh });
      if (typeof given === "string") return checked(given);
      const life = given.expiresAt - now();
      renewAt = given.expiresAt - Math.min(earlyMilliseconds, life / 4);
      return checked(given.token);
    })();
    held = asked;
    asked.catch(() => {
      if (held === asked) held = undefined;
    });
    return asked;
  };
  return {
    current: () => (held !== undefined && now() < renewAt ? held : ask(false)),
    async renew(stale) {
      const seen = held;
      if (seen !== undefined && (await seen) !== stale) return seen;
      return held === undefined || held === seen ? ask(true) : held;
    },
  };
}

function checked(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new OmopipeError(
    "USAGE",
    "The token is empty or has characters that a header cannot carry. Check for blanks and line ends around it.",
  );
}
