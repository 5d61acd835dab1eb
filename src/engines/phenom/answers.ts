import { createHash, timingSafeEqual } from "node:crypto";
import type { Context } from "hono";
import type { z } from "zod";
import { type Issue, issuesOf } from "../../clients/http/issues.ts";
import { offeredOutcomeIds } from "./outcomes.ts";

/** A request that is refused: thrown anywhere below a route, answered as the contract has it. */
export class Refusal extends Error {
  readonly status: 400 | 404 | 409 | 422;
  readonly detail: string | readonly object[];

  constructor(status: Refusal["status"], detail: Refusal["detail"]) {
    super("refused");
    this.status = status;
    this.detail = detail;
  }
}

/** The body as JSON, whatever its content type says; refused with 400 when it is none. */
export async function jsonBody(context: Context): Promise<unknown> {
  try {
    return JSON.parse(await context.req.text());
  } catch {
    throw new Refusal(400, "The body is not JSON");
  }
}

/** What a schema makes of the body or the query; refused with 422, naming each place and no value. */
export function checked<Schema extends z.ZodType>(
  part: "body" | "query",
  schema: Schema,
  value: unknown,
): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(part, issuesOf(parsed.error));
}

export function invalid(part: "body" | "query", issues: readonly Issue[]): Refusal {
  return new Refusal(
    422,
    issues.map(({ path, message, code }) => ({ loc: [part, ...path], msg: message, type: code })),
  );
}

/** The outcomes asked for, each once; refused with 422 when the engine does not offer one. */
export function offeredOutcomes(outcomeIds: readonly string[]): string[] {
  const message = `Unknown outcome; this engine offers ${offeredOutcomeIds.join(" and ")}`;
  const strange = outcomeIds.flatMap((id, position): Issue[] =>
    offeredOutcomeIds.includes(id) ? [] : [{ path: ["outcome_ids", position], message, code: "unknown_outcome" }],
  );
  if (strange.length > 0) throw invalid("body", strange);
  return [...new Set(outcomeIds)];
}

/** Compares in constant time, so that the time to refuse tells nothing about the token. */
export function tokenCheck(token: string): (header: string | undefined) => boolean {
  const hash = (text: string): Buffer => createHash("sha256").update(text).digest();
  const expected = hash(token);
  return (header) => {
    const [, given] = /^Bearer +(\S+)$/i.exec(header ?? "") ?? [];
    return given !== undefined && timingSafeEqual(hash(given), expected);
  };
}
