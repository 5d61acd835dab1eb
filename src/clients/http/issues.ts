import type { z } from "zod";

/** One thing wrong with a value: where it is, what is wrong, and the kind of fault. Never the value itself. */
export interface Issue {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly code: string;
}

/** What zod found, with one entry for each unknown member. */
export function issuesOf(error: z.ZodError): Issue[] {
  return error.issues.flatMap((issue): Issue[] => {
    const path = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
    if (issue.code !== "unrecognized_keys") return [{ path, message: issue.message, code: issue.code }];
    return issue.keys.map((key) => ({ path: [...path, key], message: "Unknown member", code: issue.code }));
  });
}

const shownIssues = 10;

/**
 * The issues as one line for people.
 *
 * @example
 * describeIssues(error); // "items.0.probability: Too big: expected number to be <=1"
 */
export function describeIssues(error: z.ZodError): string {
  const issues = issuesOf(error);
  const lines = issues.slice(0, shownIssues).map(({ path, message }) => `${path.join(".") || "(whole)"}: ${message}`);
  if (issues.length > shownIssues) lines.push(`and ${issues.length - shownIssues} more`);
  return lines.join("; ");
}
