/** How long to wait before the first look at a job, learned from the jobs before. */
export interface FirstLook {
  readonly milliseconds: number;
  /** Whether the job was done at its first look. */
  found(done: boolean): void;
}

/** Nothing shorter is waited for. */
const shortest = 1;

/**
 * At once as long as jobs are done at once. Each look that came too early doubles the wait, up to `latest`; each that did not
 * shortens it by a tenth. So one look a job is mostly enough, a service that is slow is not asked in vain, and one that is quick is
 * not waited for.
 *
 * @example
 * const first = firstLook(1000);
 * first.found(false);
 * first.milliseconds; // 1
 */
export function firstLook(latest: number): FirstLook {
  let milliseconds = 0;
  return {
    get milliseconds() {
      return milliseconds < shortest ? 0 : milliseconds;
    },
    found(done) {
      milliseconds = done ? milliseconds * 0.9 : Math.min(latest, Math.max(shortest, milliseconds * 2));
    },
  };
}
