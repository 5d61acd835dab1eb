import { randomUUID } from "node:crypto";
import { type Context, Hono } from "hono";
import {
  batchCreateRequestSchema,
  completeUploadRequestSchema,
  outcomesRequestSchema,
  uploadRequestSchema,
} from "../../../schemas/phenom-batch.ts";
import { batchFileKinds, batchFiles } from "../../../schemas/phenom-files.ts";
import { checked, jsonBody, offeredOutcomes, Refusal } from "./answers.ts";
import type { BatchScoring } from "./batch-scoring.ts";
import { type BatchBoard, batchLimits, type EngineBatch, filesOf, statusOf } from "./batches.ts";
import type { JobBoard } from "./jobs.ts";
import type { PresignedUrls } from "./presigned-urls.ts";

export interface BatchServices {
  readonly batches: BatchBoard;
  readonly jobs: JobBoard;
  readonly urls: PresignedUrls;
  readonly scoring: BatchScoring;
  readonly partSizeBytes: number;
}

/** The operations below `/v1/batch`. */
export function batchRoutes({ batches, jobs, urls, scoring, partSizeBytes }: BatchServices): Hono {
  const routes = new Hono();
  const batchOf = (context: Context): EngineBatch => batches.find(context.req.param("batch_id") ?? "");
  const uploadOf = (context: Context) => batches.findUpload(batchOf(context), context.req.param("upload_id") ?? "");
  const originOf = (context: Context): string => new URL(context.req.url).origin;

  routes.post("/", async (context) => {
    const { name } = checked("body", batchCreateRequestSchema, await jsonBody(context));
    return context.json(describe(batches.open(name ?? null)), 201);
  });

  routes.get("/:batch_id", (context) => context.json(describe(batchOf(context))));

  routes.post("/:batch_id/upload", async (context) => {
    const batch = batchOf(context);
    const upload = batches.openUpload(batch, checked("body", uploadRequestSchema, await jsonBody(context)));
    const { uploadId, key, mode } = upload;
    const { url, expires_at } = urls.sign(originOf(context), { method: "PUT", key });
    const target = mode === "single" ? { url } : { part_size_bytes: partSizeBytes };
    return context.json({ upload_id: uploadId, key, mode, expires_at, ...target });
  });

  routes.get("/:batch_id/upload/:upload_id", (context) => {
    const { uploadId, parts, stored, aborted } = uploadOf(context);
    const bytes = stored?.sizeBytes ?? [...parts.values()].reduce((sum, part) => sum + part.sizeBytes, 0);
    return context.json({
      upload_id: uploadId,
      status: stored ? "completed" : aborted ? "aborted" : "in_progress",
      bytes_uploaded: bytes,
      parts_uploaded: [...parts.keys()].sort((a, b) => a - b),
    });
  });

  routes.delete("/:batch_id/upload/:upload_id", async (context) => {
    await batches.abort(uploadOf(context));
    return context.json({ message: "The upload was given up" });
  });

  routes.post("/:batch_id/upload/:upload_id/part/:part_number{[1-9][0-9]{0,3}}/url", (context) => {
    const { uploadId, key, mode } = uploadOf(context);
    if (mode !== "multipart") throw new Refusal(409, "The upload has no parts");
    const part = Number(context.req.param("part_number"));
    const signed = urls.sign(originOf(context), { method: "PUT", key, part });
    return context.json({ upload_id: uploadId, key, part_number: part, ...signed });
  });

  routes.post("/:batch_id/upload/:upload_id/complete", async (context) => {
    const upload = uploadOf(context);
    const { parts } = checked("body", completeUploadRequestSchema, await jsonBody(context));
    const { key, etag, sizeBytes } = await batches.complete(upload, parts);
    return context.json({ upload_id: upload.uploadId, key, etag, size_bytes: sizeBytes });
  });

  routes.post("/:batch_id/finalize", async (context) => {
    const batch = batchOf(context);
    const manifest_key = await batches.finalize(batch);
    return context.json({ batch_id: batch.batchId, status: statusOf(batch), manifest_key });
  });

  routes.post("/:batch_id/validate", async (context) => {
    const batch = frozen(batchOf(context));
    offeredOutcomes(checked("body", outcomesRequestSchema, await jsonBody(context)).outcome_ids);
    const issues = await scoring.faultsOf(filesOf(batch));
    const status = issues.length > 0 ? "FAILED" : "SUCCEEDED";
    return context.json({ validation_id: `validation_${randomUUID()}`, status, issues }, 202);
  });

  routes.post("/:batch_id/start", async (context) => {
    const batch = frozen(batchOf(context));
    const { outcome_ids } = checked("body", outcomesRequestSchema, await jsonBody(context));
    const outcomes = offeredOutcomes(outcome_ids).sort();
    const known = jobs.find(batch.jobIds.get(outcomes.join()) ?? "");
    if (known) return context.json({ job_id: known.jobId, status: known.status }, 202);
    const job = scoring.start(filesOf(batch), outcomes);
    batch.jobIds.set(outcomes.join(), job.jobId);
    jobs.add(job);
    return context.json({ job_id: job.jobId, status: job.status }, 202);
  });

  return routes;
}

function frozen(batch: EngineBatch): EngineBatch {
  if (batch.manifestKey === undefined) throw new Refusal(409, "The batch is not finalized");
  return batch;
}

function describe(batch: EngineBatch) {
  return {
    batch_id: batch.batchId,
    status: statusOf(batch),
    name: batch.name,
    // Beyond the contract: so that a client whose start was not answered finds out whether it was heard.
    job_ids: [...batch.jobIds.values()],
    discovery_rules: {
      object_types: batchFileKinds.map((kind) => batchFiles[kind].objectTypes[0]),
      file_patterns: ["*.csv", "*.csv.gz"],
      max_object_size_bytes: batchLimits.maximumFileBytes,
    },
    limits: { max_files: batchLimits.maximumFiles, max_total_size_bytes: null },
    retention: { created_at: batch.createdAt.toISOString(), expires_at: null },
  };
}
