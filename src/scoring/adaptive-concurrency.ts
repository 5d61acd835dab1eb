/** How many calls may be in flight, by what the service says to them. */
export interface AdaptiveConcurrency {
  readonly limit: number;
  /** A call was refused as one too many (429). */
  refused(): void;
  /** A call was answered. */
  answered(): void;
}

/**
 * Halves at a refusal, and rises by one whenever as many calls as are allowed were answered since: additive increase,
 * multiplicative decrease, as TCP does. The refusals of calls that were in flight together count as one.
 *
 * @example
 * const concurrency = adaptiveConcurrency(64);
 * concurrency.refused();
 * concurrency.limit; // 32
 */
export function adaptiveConcurrency(maximum: number): AdaptiveConcurrency {
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
      limit = Math.max(1, Math.floor(limit / 2));
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
