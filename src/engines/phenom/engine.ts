import { createHash, timingSafeEqual } from "node:crypto";
import { type Context, Hono } from "hono";
import { jobFromPatientRequestSchema } from "../../../schemas/phenom.ts";
import { type Issue, issuesOf } from "../../clients/http/issues.ts";
import { createJobBoard, describeJob, isFinished } from "./jobs.ts";
import { pageQuerySchema, resultPage } from "./result-page.ts";

/** The one outcome that the engine scores: the estimate to die within ten years. */
export const localOutcomeId = "local_charlson_10y_mortality";

/** What stands behind every score of the engine; sent with each answer. */
export const modelSource =
  "Charlson comorbidity index (Charlson 1987 and 1994, ICD-10 groups of Quan 2005): a published index, not a trained model";

export interface PhenomEngineOptions {
  /** The bearer token that callers must send. */
  readonly token: string;
  /** The clock for patients without any dated record. Default: the machine's, in UTC. */
  readonly now?: (() => Date) | undefined;
  /** How many jobs are kept; beyond that the oldest finished ones are forgotten. Default 200,000 (about 180 MB). */
  readonly maximumJobs?: number | undefined;
}

/**
 * The embedded stand-in of the PhenOM Inference API: the three operations of `schemas/phenom.openapi.json` over HTTP,
 * scored by the Charlson comorbidity index. See `docs/engines.md` for the method and its limits.
 *
 * @example
 * const engine = createPhenomEngine({ token: "secret" });
 * const answer = await engine.request("/v1/job/job_1", { headers: { authorization: "Bearer secret" } });
 */
export function createPhenomEngine(options: PhenomEngineOptions): Hono {
  const { now = () => new Date(), maximumJobs = 200_000 } = options;
  const board = createJobBoard({ now, maximumJobs });
  const isToken = tokenCheck(options.token);
  const engine = new Hono();

  engine.use(async (context, next) => {
    await next();
    context.header("x-model-source", modelSource);
  });

  engine.use("/v1/*", async (context, next) => {
    if (isToken(context.req.header("authorization"))) return next();
    context.header("www-authenticate", "Bearer");
    return context.json({ detail: "A valid bearer token is required" }, 401);
  });

  engine.post("/v1/job/from-patient", async (context) => {
    const body = await jsonOf(context);
    if (body === undefined) return context.json({ detail: "The body is not JSON" }, 400);
    const request = jobFromPatientRequestSchema.safeParse(body);
    if (!request.success) return invalid(context, "body", issuesOf(request.error));
    const strange = request.data.outcome_ids.flatMap((id, position): Issue[] =>
      id === localOutcomeId
        ? []
        : [{ path: ["outcome_ids", position], message: unknownOutcome, code: "unknown_outcome" }],
    );
    if (strange.length > 0) return invalid(context, "body", strange);
    const job = board.submit(request.data);
    if (!job) return context.json({ detail: "This idempotency key was used with another body" }, 409);
    return context.json({ job_id: job.jobId, status: job.status }, 201);
  });

  engine.get("/v1/job/:job_id", (context) => {
    const job = board.find(context.req.param("job_id"));
    if (!job) return context.json({ detail: unknownJob }, 404);
    return context.json({ ...describeJob(job), model_source: modelSource });
  });

  engine.get("/v1/job/:job_id/results", (context) => {
    const query = pageQuerySchema.safeParse(context.req.query());
    if (!query.success) return invalid(context, "query", issuesOf(query.error));
    const job = board.find(context.req.param("job_id"));
    if (!job) return context.json({ detail: unknownJob }, 404);
    if (!isFinished(job)) return context.json({ detail: "The job is not finished" }, 409);
    return context.json(resultPage(board.resultsOf(job), query.data));
  });

  engine.notFound((context) => context.json({ detail: "There is nothing here" }, 404));
  engine.onError((_error, context) => context.json({ detail: "The engine failed" }, 500));
  return engine;
}

const unknownJob = "There is no such job; the oldest are forgotten in time";
const unknownOutcome = `Unknown outcome; this engine offers ${localOutcomeId}`;

/** The body as JSON, whatever its content type says, or undefined. */
async function jsonOf(context: Context): Promise<unknown> {
  try {
    return JSON.parse(await context.req.text());
  } catch {
    return undefined;
  }
}

function invalid(context: Context, part: "body" | "query", issues: readonly Issue[]): Response {
  return context.json(
    { detail: issues.map(({ path, message, code }) => ({ loc: [part, ...path], msg: message, type: code })) },
    422,
  );
}

/** Compares in constant time, so that the time to refuse tells nothing about the token. */
function tokenCheck(token: string): (header: string | undefined) => boolean {
  const hash = (text: string): Buffer => createHash("sha256").update(text).digest();
  const expected = hash(token);
  return (header) => {
    const [, given] = /^Bearer +(\S+)$/i.exec(header ?? "") ?? [];
    return given !== undefined && timingSafeEqual(hash(given), expected);
  };
}
