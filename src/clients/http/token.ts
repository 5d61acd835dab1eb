import { OmopipeError } from "../../pipeline/errors.ts";

/**
 * A bearer token, or a function that gets one. The function is asked once and its token kept; after a 401 it is asked
 * again with `refresh: true` and must then bring a new one. What it throws reaches the caller unchanged.
 */
export type Token = string | ((hint: { readonly refresh: boolean }) => string | Promise<string>);

/** Hands out the token; calls that fail together share one renewal. */
export interface TokenSource {
  current(): Promise<string | undefined>;
  /** A token to use in place of `stale`, or undefined where there is no way to get one. */
  renew(stale: string | undefined): Promise<string | undefined>;
}

/** Wraps a fixed token, a token function, or none at all. */
export function tokenSource(token: Token | undefined): TokenSource {
  if (typeof token !== "function") {
    const fixed = token === undefined ? undefined : checked(token);
    return { current: async () => fixed, renew: async () => undefined };
  }
  let held: Promise<string> | undefined;
  const ask = (refresh: boolean): Promise<string> => {
    const asked = (async () => checked(await token({ refresh })))();
    held = asked;
    asked.catch(() => {
      if (held === asked) held = undefined;
    });
    return asked;
  };
  return {
    current: () => held ?? ask(false),
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
