/** How many problems OperationOutcomes tell of. */
export interface ProblemCounts {
  add(outcome: object): void;
  readonly count: number;
  /** By severity and code: "3 error (processing)". */
  readonly kinds: string;
}

/** Counts the issues of these severities, or all. Not their texts, which may tell of a patient. */
export function countProblems(severities?: readonly string[]): ProblemCounts {
  const counts = new Map<string, number>();
  return {
    add(outcome) {
      const { issue } = outcome as { issue?: unknown };
      for (const each of Array.isArray(issue) ? issue : [{}]) {
        const severity = word(each?.severity) ?? "error";
        if (severities?.includes(severity) === false) continue;
        const kind = `${severity} (${word(each?.code) ?? "without code"})`;
        counts.set(kind, (counts.get(kind) ?? 0) + 1);
      }
    },
    get count() {
      return [...counts.values()].reduce((sum, count) => sum + count, 0);
    },
    get kinds() {
      return [...counts].map(([kind, count]) => `${count} ${kind}`).join(", ");
    },
  };
}

const word = (value: unknown): string | undefined =>
  typeof value === "string" && /^[a-z-]{1,30}$/.test(value) ? value : undefined;
