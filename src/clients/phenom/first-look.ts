/** How long to wait before the first look at a job, learned from the jobs before. */
export interface FirstLook {
  readonly milliseconds: number;
  /** Whether a job was done at its first look, so long after it was made. */
  found(done: boolean, waited: number): void;
}

/** Nothing shorter is waited for. */
const shortest = 1;

/** One look in fourteen is early then. */
const longer = 1.5;
const shorter = 0.97;

/** So far from what was waited goes what is learned of it: jobs that are on their way together tell one thing, not many. */
const longest = 2;
const least = 0.9;

/**
 * At once as long as jobs are done at once. Each look that came too early makes the wait longer, up to `latest`; each that did not
 * makes it a little shorter. So one look a job is mostly enough, a service that is slow is not asked in vain, and one that is quick
 * is not waited for.
 *
 * @example
 * const first = firstLook(15_000);
 * first.found(false, 0);
 * first.milliseconds; // 1
 */
export function firstLook(latest: number): FirstLook {
  let milliseconds = 0;
  return {
    get milliseconds() {
      return milliseconds < shortest ? 0 : milliseconds;
    },
    found(done, waited) {
      const next = done
        ? Math.max(milliseconds * shorter, waited * least)
        : Math.min(milliseconds * longer + shortest, waited * longest + shortest, latest);
      milliseconds = done ? Math.min(milliseconds, next) : Math.max(milliseconds, next);
    },
  };
}
