import type { Exchange } from "./caller.ts";

/** How many calls may be in flight, by what the service says to them. */
export interface AdaptiveConcurrency {
  readonly limit: number;
  /** A call was refused as one too many. */
  refused(): void;
  /** A call was answered. */
  answered(): void;
}

/**
 * Halves at a refusal, and rises by one whenever as many calls as are allowed were answered since: additive increase,
 * multiplicative decrease, as TCP does. The refusals of calls that were in flight together count as one. It never falls below
 * `minimum`.
 *
 * @example
 * const concurrency = adaptiveConcurrency(64);
 * concurrency.refused();
 * concurrency.limit; // 32
 */
export function adaptiveConcurrency(maximum: number, minimum = 1): AdaptiveConcurrency {
  let limit = maximum;
  let answers = 0;
  let settling = 0;
  return {
    get limit() {
      return limit;
    },
    refused() {
      if (settling > 0) {
        settling -= 1;
        return;
      }
      settling = limit - 1;
      limit = Math.max(Math.min(minimum, maximum), Math.floor(limit / 2));
      answers = 0;
    },
    answered() {
      if (settling > 0) settling -= 1;
      if (limit === maximum || ++answers < limit) return;
      answers = 0;
      limit += 1;
    },
  };
}

/** Sends a request when its turn has come. */
export type Gate = (send: () => Promise<Exchange>) => Promise<Exchange>;

/**
 * Lets as many requests through at once as the service bears, and has the others wait, the first come first: answers with one of
 * `refusals` are refusals. A call that waits before it is tried again has given its place back, and waits for one like any other.
 *
 * @example
 * const call = createCaller({ service: "The FHIR server", gate: adaptiveGate(adaptiveConcurrency(16, 4), [429, 503]) });
 */
export function adaptiveGate(concurrency: AdaptiveConcurrency, refusals: readonly number[]): Gate {
  const waiting: (() => void)[] = [];
  let sent = 0;
  const place = () => new Promise<void>((resolve) => waiting.push(resolve));
  return async (send) => {
    if (sent >= concurrency.limit) await place();
    else sent += 1;
    try {
      const exchange = await send();
      if (refusals.includes(exchange.response.status)) concurrency.refused();
      else concurrency.answered();
      return exchange;
    } finally {
      sent -= 1;
      while (sent < concurrency.limit && waiting.length > 0) {
        sent += 1;
        waiting.shift()!();
      }
    }
  };
}
