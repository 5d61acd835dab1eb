import { setTimeout as sleep } from "node:timers/promises";
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context, MiddlewareHandler } from "hono";
import { OmopipeError } from "../../pipeline/errors.ts";
import { expired } from "./store-routes.ts";

/** What can be made to go wrong. */
export const faultKinds = ["too-many", "unavailable", "cut", "slow", "expired-token", "expired-url"] as const;
export type FaultKind = (typeof faultKinds)[number];

/**
 * Faults on demand, to rehearse what a client does about them: of each kind the share of requests that it befalls, 0 to 1.
 * The shares of one request add up to 1 at most.
 */
export type FaultOptions = { readonly [Kind in FaultKind]?: number | undefined } & {
  /** The same seed and the same order of requests meet the same faults. Default 1. */
  readonly seed?: number | undefined;
  /** How long a slow answer is held back. Default 2000. */
  readonly slowMilliseconds?: number | undefined;
  /** How long "too many requests" asks to wait: in seconds and as a date by turns. Default 1. */
  readonly retryAfterSeconds?: number | undefined;
};

const kindsAt = {
  service: ["too-many", "unavailable", "cut", "slow", "expired-token"],
  store: ["unavailable", "cut", "slow", "expired-url"],
} as const satisfies Record<string, readonly FaultKind[]>;

const unavailableStatuses = [500, 502, 503, 504] as const;

/**
 * Lets faults befall requests to the operations or to the store. A cut answer is one of a request that was carried out: the
 * caller cannot know. All other faults befall a request before anything is done.
 */
export function withFaults(options: FaultOptions, random: () => number, at: keyof typeof kindsAt): MiddlewareHandler {
  let refusals = 0;
  return async (context, next) => {
    switch (drawn(kindsAt[at], options, random())) {
      case "too-many":
        return tooMany(context, options.retryAfterSeconds ?? 1, ++refusals % 2 === 0);
      case "unavailable":
        return context.json(
          { message: "The engine fails on demand" },
          unavailableStatuses[Math.floor(random() * unavailableStatuses.length)] ?? 503,
        );
      case "expired-token":
        context.header("www-authenticate", 'Bearer error="invalid_token"');
        return context.json({ detail: "The token has expired" }, 401);
      case "expired-url":
        return expired(context);
      case "slow":
        await sleep(options.slowMilliseconds ?? 2000);
        return await next();
      case "cut":
        await next();
        return await cutInHalf(context);
      default:
        return await next();
    }
  };
}

/**
 * Reads faults as the command line has them.
 *
 * @example
 * parseFaults("too-many=0.1,cut=0.05,seed=7"); // { "too-many": 0.1, cut: 0.05, seed: 7 }
 */
export function parseFaults(text: string): FaultOptions {
  const names = new Map<string, string>([
    ...faultKinds.map((kind) => [kind, kind] as const),
    ["seed", "seed"],
    ["slow-milliseconds", "slowMilliseconds"],
    ["retry-after-seconds", "retryAfterSeconds"],
  ]);
  const entries = text.split(",").map((pair) => {
    const [name = "", value = ""] = pair.split("=");
    const member = names.get(name);
    if (member !== undefined && value !== "" && Number(value) >= 0) return [member, Number(value)] as const;
    throw new OmopipeError(
      "USAGE",
      `--faults takes name=number of ${[...names.keys()].join(", ")}; "${pair}" is none.`,
    );
  });
  return checkedFaults(Object.fromEntries(entries));
}

/** Throws USAGE where the shares of one request are more than 1 together. */
export function checkedFaults(options: FaultOptions): FaultOptions {
  for (const kinds of Object.values(kindsAt)) {
    const sum = kinds.reduce((total, kind) => total + (options[kind] ?? 0), 0);
    if (sum <= 1) continue;
    throw new OmopipeError("USAGE", `The shares of the faults ${kinds.join(", ")} are more than 1 together.`);
  }
  return options;
}

/** A generator of numbers from 0 to 1 that gives the same numbers for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function drawn(kinds: readonly FaultKind[], options: FaultOptions, number: number): FaultKind | undefined {
  let sum = 0;
  return kinds.find((kind) => {
    sum += options[kind] ?? 0;
    return number < sum;
  });
}

function tooMany(context: Context, seconds: number, asDate: boolean): Response {
  const wait = asDate ? new Date(Date.now() + seconds * 1000).toUTCString() : String(Math.ceil(seconds));
  context.header("retry-after", wait);
  return context.json({ detail: "Too many requests" }, 429);
}

/** Sends half of the answer and breaks the connection. */
async function cutInHalf(context: Context): Promise<void> {
  const { outgoing } = context.env as Partial<HttpBindings>;
  if (!outgoing) throw new Error("An answer can be cut only on a connection: serve the engine");
  const body = Buffer.from(await context.res.arrayBuffer());
  const headers = { ...Object.fromEntries(context.res.headers), "content-length": String(Math.max(1, body.length)) };
  outgoing.writeHead(context.res.status, headers);
  outgoing.write(body.subarray(0, Math.floor(body.length / 2)), () => outgoing.destroy());
  // Without undefined in between, the headers of the answer would be kept.
  context.res = undefined;
  context.res = RESPONSE_ALREADY_SENT;
}
