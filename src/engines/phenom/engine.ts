import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { format } from "fast-csv";
import { Hono } from "hono";
import { Refusal, tokenCheck } from "./answers.ts";
import { batchRoutes } from "./batch-routes.ts";
import { createBatchScoring } from "./batch-scoring.ts";
import { createBatchBoard } from "./batches.ts";
import { checkedFaults, type FaultOptions, seededRandom, withFaults } from "./faults.ts";
import { jobRoutes } from "./job-routes.ts";
import { createJobBoard } from "./jobs.ts";
import { createObjectStore, type ObjectStore, type StoredObject } from "./object-store.ts";
import { modelSource, offeredOutcomeIds } from "./outcomes.ts";
import type { PatientJob } from "./patient-job.ts";
import { createPresignedUrls } from "./presigned-urls.ts";
import { createRowDatabase } from "./rows.ts";
import { storeRoutes } from "./store-routes.ts";

export interface PhenomEngineOptions {
  /** The bearer token that callers must send. */
  readonly token: string;
  /** How many jobs are kept; beyond that the oldest finished ones are forgotten. Default 200,000 (about 180 MB). */
  readonly maximumJobs?: number | undefined;
  /** How long presigned URLs last. Default 900. */
  readonly urlLifetimeSeconds?: number | undefined;
  /** The size of the parts of a multipart upload. Default 8 MiB. */
  readonly partSizeBytes?: number | undefined;
  /** Faults on demand. Default: none. */
  readonly faults?: FaultOptions | undefined;
}

/** An engine in this process; to be closed, because it keeps files of batches in a folder of its own. */
export interface PhenomEngine extends AsyncDisposable {
  readonly fetch: Hono["fetch"];
  readonly request: Hono["request"];
  /** Removes all that was uploaded and scored. May be called more than once. */
  close(): Promise<void>;
}

/**
 * The embedded stand-in of the PhenOM Inference API: the seventeen operations of `schemas/phenom.openapi.json` over HTTP
 * and the store that presigned URLs lead to, scored by the Charlson comorbidity index. See `docs/engines.md` for the method
 * and its limits.
 *
 * @example
 * await using engine = createPhenomEngine({ token: "secret" });
 * const answer = await engine.request("/v1/job/job_1", { headers: { authorization: "Bearer secret" } });
 */
export function createPhenomEngine(options: PhenomEngineOptions): PhenomEngine {
  const { maximumJobs = 200_000, urlLifetimeSeconds = 900, partSizeBytes = 8 * 1024 ** 2, faults } = options;
  // Made when the first file comes.
  const folder = join(tmpdir(), `omopipe-engine-${randomUUID()}`);
  const store = createObjectStore(join(folder, "store"));
  const database = createRowDatabase(folder);
  const urls = createPresignedUrls(urlLifetimeSeconds);
  const batches = createBatchBoard(store);
  const jobs = createJobBoard(maximumJobs, (job) => storeResults(store, job));
  const scoring = createBatchScoring(database, store);
  const isToken = tokenCheck(options.token);

  const app = new Hono();
  app.use(async (context, next) => {
    context.header("x-model-source", modelSource);
    context.header("x-request-id", context.req.header("x-request-id") ?? randomUUID());
    await next();
  });
  if (faults) {
    const random = seededRandom(faults.seed ?? 1);
    app.use("/v1/*", withFaults(checkedFaults(faults), random, "service"));
    app.use("/store/*", withFaults(faults, random, "store"));
  }
  app.use("/v1/*", async (context, next) => {
    if (isToken(context.req.header("authorization"))) return next();
    context.header("www-authenticate", "Bearer");
    return context.json({ detail: "A valid bearer token is required" }, 401);
  });
  app.route("/v1/job", jobRoutes(jobs, urls));
  app.route("/v1/batch", batchRoutes({ batches, jobs, urls, scoring, partSizeBytes }));
  app.post("/v1/outcome", (context) => context.json(offeredOutcomeIds));
  app.route("/store", storeRoutes(store, batches, urls));
  app.notFound((context) => context.json({ detail: "There is nothing here" }, 404));
  app.onError((error, context) =>
    error instanceof Refusal
      ? context.json({ detail: error.detail }, error.status)
      : context.json({ detail: "The engine failed" }, 500),
  );

  const removeAll = async () => {
    await Promise.all([database.close(), store.close()]);
    await rm(folder, { recursive: true, force: true });
  };
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= removeAll();
    return closed;
  };
  return { fetch: app.fetch, request: app.request, close, [Symbol.asyncDispose]: close };
}

/** The results of one patient as a file. */
async function storeResults(store: ObjectStore, job: PatientJob): Promise<StoredObject> {
  const rows = await job.results().read(0, 1000);
  const csv = format({ headers: true, includeEndRowDelimiter: true });
  for (const row of rows) csv.write(row);
  csv.end();
  return await store.write(`results/${job.jobId}/part-0001.csv`, csv);
}
