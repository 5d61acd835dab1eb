/** How waiting times grow: the first, times `factor` each time, up to the cap. */
export interface Schedule {
  readonly firstMilliseconds: number;
  readonly factor: number;
  readonly capMilliseconds: number;
}

/** A schedule as a caller gives it: what is left out keeps its default. */
export type ScheduleOptions = { readonly [Member in keyof Schedule]?: Schedule[Member] | undefined };

/** The waiting times between tries of one call: 1 s, 2 s, 4 s … 60 s. */
export const retrySchedule: Schedule = { firstMilliseconds: 1000, factor: 2, capMilliseconds: 60_000 };

/** Fills what `given` leaves out from `defaults`. */
export function scheduleOf(given: ScheduleOptions | undefined, defaults: Schedule): Schedule {
  return {
    firstMilliseconds: given?.firstMilliseconds ?? defaults.firstMilliseconds,
    factor: given?.factor ?? defaults.factor,
    capMilliseconds: given?.capMilliseconds ?? defaults.capMilliseconds,
  };
}

/**
 * The waiting time before repetition `repetition` (from 1), in milliseconds.
 *
 * @example
 * delayAt(retrySchedule, 3); // 4000
 */
export function delayAt(schedule: Schedule, repetition: number): number {
  return Math.min(schedule.capMilliseconds, schedule.firstMilliseconds * schedule.factor ** (repetition - 1));
}

/**
 * The same waiting time with full jitter: anything from nothing up to it, evenly, so that callers who failed together
 * do not come back together.
 */
export function jitteredDelayAt(schedule: Schedule, repetition: number, random: () => number = Math.random): number {
  return random() * delayAt(schedule, repetition);
}
