import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import * as job from "../../schemas/phenom.ts";
import * as batch from "../../schemas/phenom-batch.ts";
import { projectFile } from "../support/sources.ts";

/** The contract of PhenOM that ours was written from. */
const file = fileURLToPath(new URL("../../../shared/contracts/phenom.openapi.json", import.meta.url));
const here = existsSync(file);
const title = here ? "Our contract of PhenOM" : "Our contract of PhenOM (left out: ../shared/contracts is not there)";

// biome-ignore lint/suspicious/noExplicitAny: an OpenAPI document, walked through
type Document = any;

const answers: Readonly<Record<string, z.ZodType>> = {
  createJobFromPatient: job.jobCreatedSchema,
  getJob: job.jobSchema,
  listJobResults: job.jobResultPageSchema,
  getJobResultsDownload: job.downloadManifestSchema,
  listJobExclusions: job.jobExclusionPageSchema,
  listJobErrors: job.jobErrorPageSchema,
  createBatch: batch.batchSchema,
  getBatch: batch.batchSchema,
  createUpload: batch.uploadSessionSchema,
  getUploadStatus: batch.uploadStatusSchema,
  abortUpload: batch.uploadAbortedSchema,
  createUploadPartUrl: batch.uploadPartUrlSchema,
  completeUpload: batch.uploadCompletedSchema,
  finalizeBatch: batch.batchFinalizedSchema,
  validateBatch: batch.validationSchema,
  startBatch: job.jobCreatedSchema,
  listOutcomes: job.outcomesSchema,
};

const requests: Readonly<Record<string, z.ZodType>> = {
  createJobFromPatient: job.jobFromPatientRequestSchema,
  createBatch: batch.batchCreateRequestSchema,
  createUpload: batch.uploadRequestSchema,
  completeUpload: batch.completeUploadRequestSchema,
  validateBatch: batch.outcomesRequestSchema,
  startBatch: batch.outcomesRequestSchema,
};

/** Method, path and id of each operation, and where its success and its examples are. */
function operationsOf(document: Document) {
  return Object.entries<Document>(document.paths).flatMap(([path, item]) =>
    Object.entries<Document>(item).map(([method, operation]) => {
      const status = Object.keys(operation.responses).find((code) => code.startsWith("2"))!;
      return {
        name: `${method} ${path} ${operation.operationId} ${status}`,
        id: operation.operationId as string,
        request: operation.requestBody?.content["application/json"].example,
        answer: operation.responses[status].content["application/json"].example,
      };
    }),
  );
}

describe.skipIf(!here)(title, () => {
  const theirs: Document = here ? JSON.parse(readFileSync(file, "utf8")) : { paths: {} };
  const ours: Document = JSON.parse(readFileSync(projectFile("schemas/phenom.openapi.json"), "utf8"));

  it("has the same seventeen operations, with the same success", () => {
    const names = operationsOf(ours).map(({ name }) => name);
    expect(names).toHaveLength(17);
    expect(names.sort()).toEqual(
      operationsOf(theirs)
        .map(({ name }) => name)
        .sort(),
    );
  });

  it("has the members of each request and answer, and requires none that theirs does not", () => {
    const renamed: Readonly<Record<string, string>> = {
      BatchStartRequest: "OutcomesRequest",
      BatchValidateRequest: "OutcomesRequest",
      DownloadResponse: "ResultsDownload",
      ErrorBody: "Problem",
    };
    // Ours has these where they are used, leaves out links of old spelling, or leaves the reasons open.
    const inPlace = ["OutcomeIds", "Sex", "ExclusionCounts", "BatchLimits", "BatchRetention", "DiscoveryRules"];
    const without = ["BatchStorage", "BatchLinks", "UploadMethod", "UploadMode", "UploadObjectType"];
    let compared = 0;
    for (const [name, schema] of Object.entries<Document>(theirs.components.schemas)) {
      if ([...inPlace, ...without].includes(name)) continue;
      const own = ours.components.schemas[renamed[name] ?? name];
      expect(own, name).toBeDefined();
      const members = Object.keys(schema.properties ?? {}).filter(
        (member) => !(name === "Batch" && /^(s3|links)$/.test(member)),
      );
      expect(Object.keys(own.properties ?? {}), name).toEqual(expect.arrayContaining(members));
      expect(schema.required ?? [], name).toEqual(expect.arrayContaining(own.required ?? []));
      compared += 1;
    }
    expect(compared).toBeGreaterThan(30);
  });

  it("lets the examples pass, sent and received", () => {
    let examples = 0;
    for (const { id, request, answer } of operationsOf(theirs)) {
      if (request !== undefined) expect(requests[id]!.safeParse(request).error, `request of ${id}`).toBeUndefined();
      expect(answers[id]!.safeParse(answer).error, `answer of ${id}`).toBeUndefined();
      examples += 1;
    }
    expect(examples).toBe(17);
  });
});
