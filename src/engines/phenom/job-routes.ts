import { type Context, Hono } from "hono";
import { jobFromPatientRequestSchema } from "../../../schemas/phenom.ts";
import { checked, jsonBody, offeredOutcomes, Refusal } from "./answers.ts";
import { describeJob, type EngineJob, isFinished, type JobBoard } from "./jobs.ts";
import type { PresignedUrls } from "./presigned-urls.ts";
import { pageOf, pageQuerySchema, type Rows } from "./result-page.ts";

/** The operations below `/v1/job`. */
export function jobRoutes(board: JobBoard, urls: PresignedUrls): Hono {
  const routes = new Hono();

  routes.post("/from-patient", async (context) => {
    const request = checked("body", jobFromPatientRequestSchema, withoutAlias(await jsonBody(context)));
    offeredOutcomes(request.outcome_ids);
    const job = board.submit(request);
    if (!job) throw new Refusal(409, "This idempotency key was used with another body");
    return context.json({ job_id: job.jobId, status: job.status }, 201);
  });

  const jobOf = (context: Context): EngineJob => {
    const job = board.find(context.req.param("job_id") ?? "");
    if (job) return job;
    throw new Refusal(404, "There is no such job; the oldest are forgotten in time");
  };
  const finishedJobOf = (context: Context): EngineJob => {
    const job = jobOf(context);
    if (isFinished(job)) return job;
    throw new Refusal(409, "The job is not finished");
  };
  const paged =
    (rows: (context: Context) => Rows<unknown>) =>
    async (context: Context): Promise<Response> => {
      const query = checked("query", pageQuerySchema, context.req.query());
      return context.json(await pageOf(rows(context), query));
    };

  routes.get("/:job_id", (context) => context.json(describeJob(jobOf(context))));
  routes.get(
    "/:job_id/results",
    paged((context) => finishedJobOf(context).results()),
  );
  routes.get(
    "/:job_id/exclusions",
    paged((context) => jobOf(context).exclusions()),
  );
  routes.get(
    "/:job_id/errors",
    paged((context) => jobOf(context).errors()),
  );

  routes.get("/:job_id/results/download", async (context) => {
    const job = finishedJobOf(context);
    const { origin } = new URL(context.req.url);
    const shards = (await job.shards()).map(({ key, sizeBytes, etag }) => ({
      key,
      size: sizeBytes,
      etag,
      ...urls.sign(origin, { method: "GET", key }),
    }));
    const manifest = { job_id: job.jobId, total_rows: job.results().total, shards };
    return context.json({ mode: "manifest", format: "csv", manifest });
  });

  return routes;
}

/** The diagnoses of a history were called "diagnosis" once, and some still call them so. */
function withoutAlias(body: unknown): unknown {
  const history = (body as { patient_history?: Record<string, unknown> } | null)?.patient_history;
  if (typeof history !== "object" || history === null || !("diagnosis" in history) || "diagnoses" in history)
    return body;
  const { diagnosis: diagnoses, ...others } = history;
  return { ...(body as object), patient_history: { ...others, diagnoses } };
}
