import type { z } from "zod";
import { type JobCreated, jobCreatedSchema } from "../../../schemas/phenom.ts";
import {
  type Batch,
  type BatchFinalized,
  batchFinalizedSchema,
  batchSchema,
  type CompletedPart,
  type UploadCompleted,
  type UploadMode,
  type UploadPartUrl,
  type UploadSession,
  type UploadStatus,
  uploadAbortedSchema,
  uploadCompletedSchema,
  uploadPartUrlSchema,
  uploadSessionSchema,
  uploadStatusSchema,
  type Validation,
  validationSchema,
} from "../../../schemas/phenom-batch.ts";
import type { BatchFileKind } from "../../../schemas/phenom-files.ts";
import { OmopipeError } from "../../pipeline/errors.ts";
import type { CallOptions, OnceOptions, Send } from "../http/caller.ts";
import { statusOf } from "../http/failures.ts";
import type { components } from "./contract.generated.ts";
import { createObjectTypes } from "./object-types.ts";
import { notOfferedStatuses, offered, type PhenomPath, type Transport } from "./transport.ts";

/** A file that is to be uploaded. */
export interface UploadRequest {
  readonly kind: BatchFileKind;
  /** Must not hold anything of a patient. */
  readonly filename: string;
  readonly mode: UploadMode;
  /** Default: text/csv. */
  readonly contentType?: string | undefined;
}

/** The operations on batches, as the contract has them. All throw NOT_OFFERED where the deployment has no batches. */
export interface BatchOperations {
  /** Opens a batch. `name` must not hold anything of a patient. Throws CALL_UNCERTAIN where the answer was lost. */
  createBatch(request?: { readonly name?: string | undefined }, options?: OnceOptions): Promise<Batch>;
  getBatch(batchId: string, options?: CallOptions): Promise<Batch>;
  /** Opens the upload of one file, with the kind of file spelled as the deployment wants it. */
  createUpload(batchId: string, request: UploadRequest, options?: CallOptions): Promise<UploadSession>;
  getUploadStatus(batchId: string, uploadId: string, options?: CallOptions): Promise<UploadStatus>;
  /** Gives an upload up; one that is not there any more is given up already. */
  abortUpload(batchId: string, uploadId: string, options?: CallOptions): Promise<void>;
  createUploadPartUrl(
    batchId: string,
    uploadId: string,
    partNumber: number,
    options?: CallOptions,
  ): Promise<UploadPartUrl>;
  /** Puts the parts together. An upload that is whole already stays so. */
  completeUpload(
    batchId: string,
    uploadId: string,
    parts: readonly CompletedPart[],
    options?: CallOptions,
  ): Promise<UploadCompleted>;
  /** Freezes the files. Where the answer is lost, the batch is looked at; throws CALL_UNCERTAIN where that does not tell. */
  finalizeBatch(batchId: string, options?: OnceOptions): Promise<BatchFinalized>;
  /** Has a frozen batch checked; undefined where the deployment does not. Throws JOB_FAILED when the check has failed. */
  validateBatch(batchId: string, outcomeIds: readonly string[], options?: CallOptions): Promise<Validation | undefined>;
  /**
   * Queues the scoring of a frozen batch. Throws CALL_UNCERTAIN where the answer was lost: a job cannot be looked up by its
   * batch, and starting again may score and bill twice. `repeatUncertain` starts again, for services that then answer with
   * the same job.
   */
  startBatch(batchId: string, outcomeIds: readonly string[], options?: OnceOptions): Promise<JobCreated>;
}

export function createBatchOperations({ api, call, at }: Transport): BatchOperations {
  const objectTypes = createObjectTypes();

  const ask = <Value>(
    operation: `${string} ${PhenomPath}`,
    send: Send,
    schema: z.ZodType<Value>,
    options?: CallOptions & { readonly once?: boolean },
  ): Promise<Value> => offered(operation, call(operation, send, schema, options));

  const once = ({ repeatUncertain, ...options }: OnceOptions = {}) => ({ ...options, once: !repeatUncertain });

  const operations: BatchOperations = {
    createBatch({ name } = {}, options) {
      const body = { ...(name !== undefined && { name }), upload_method: "s3_multipart" } as const;
      return ask(
        "POST /v1/batch",
        (attempt) => api.POST(at("/v1/batch"), { ...attempt, body }),
        batchSchema,
        once(options),
      );
    },

    getBatch: (batchId, options) =>
      ask(
        "GET /v1/batch/{batch_id}",
        (attempt) => api.GET(at("/v1/batch/{batch_id}"), { ...attempt, params: { path: { batch_id: batchId } } }),
        batchSchema,
        options,
      ),

    createUpload: (batchId, { kind, filename, mode, contentType }, options) =>
      objectTypes.call(batchId, kind, (objectType) => {
        const body = {
          object_type: objectType as components["schemas"]["UploadRequest"]["object_type"],
          filename,
          mode,
          ...(contentType !== undefined && { content_type: contentType }),
        };
        const params = { path: { batch_id: batchId } };
        return ask(
          "POST /v1/batch/{batch_id}/upload",
          (attempt) => api.POST(at("/v1/batch/{batch_id}/upload"), { ...attempt, params, body }),
          uploadSessionSchema,
          options,
        );
      }),

    getUploadStatus: (batchId, uploadId, options) =>
      ask(
        "GET /v1/batch/{batch_id}/upload/{upload_id}",
        (attempt) =>
          api.GET(at("/v1/batch/{batch_id}/upload/{upload_id}"), {
            ...attempt,
            params: { path: { batch_id: batchId, upload_id: uploadId } },
          }),
        uploadStatusSchema,
        options,
      ),

    async abortUpload(batchId, uploadId, options) {
      const params = { path: { batch_id: batchId, upload_id: uploadId } };
      await ask(
        "DELETE /v1/batch/{batch_id}/upload/{upload_id}",
        (attempt) => api.DELETE(at("/v1/batch/{batch_id}/upload/{upload_id}"), { ...attempt, params }),
        uploadAbortedSchema,
        options,
      ).catch((error: unknown) => {
        if (statusOf(error) !== 404) throw error;
      });
    },

    createUploadPartUrl: (batchId, uploadId, partNumber, options) =>
      ask(
        "POST /v1/batch/{batch_id}/upload/{upload_id}/part/{part_number}/url",
        (attempt) =>
          api.POST(at("/v1/batch/{batch_id}/upload/{upload_id}/part/{part_number}/url"), {
            ...attempt,
            params: { path: { batch_id: batchId, upload_id: uploadId, part_number: partNumber } },
          }),
        uploadPartUrlSchema,
        options,
      ),

    async completeUpload(batchId, uploadId, parts, options) {
      const params = { path: { batch_id: batchId, upload_id: uploadId } };
      try {
        return await ask(
          "POST /v1/batch/{batch_id}/upload/{upload_id}/complete",
          (attempt) =>
            api.POST(at("/v1/batch/{batch_id}/upload/{upload_id}/complete"), {
              ...attempt,
              params,
              body: { parts: [...parts] },
            }),
          uploadCompletedSchema,
          options,
        );
      } catch (error) {
        // An answer that was lost: the first try has put the parts together, and the second found nothing to do.
        if (statusOf(error) !== 409) throw error;
        const { status, bytes_uploaded } = await operations.getUploadStatus(batchId, uploadId, options);
        if (!isComplete(status)) throw error;
        return { upload_id: uploadId, size_bytes: bytes_uploaded };
      }
    },

    async finalizeBatch(batchId, options) {
      const params = { path: { batch_id: batchId } };
      try {
        return await ask(
          "POST /v1/batch/{batch_id}/finalize",
          (attempt) => api.POST(at("/v1/batch/{batch_id}/finalize"), { ...attempt, params }),
          batchFinalizedSchema,
          once(options),
        );
      } catch (error) {
        if (!(error instanceof OmopipeError && error.code === "CALL_UNCERTAIN")) throw error;
        const batch = await operations.getBatch(batchId, options).catch(() => undefined);
        if (batch?.status.toUpperCase() !== "FINALIZED") throw error;
        return { batch_id: batchId, status: batch.status };
      }
    },

    async validateBatch(batchId, outcomeIds, options) {
      const params = { path: { batch_id: batchId } };
      const body = { outcome_ids: [...outcomeIds] };
      const validation = await ask(
        "POST /v1/batch/{batch_id}/validate",
        (attempt) => api.POST(at("/v1/batch/{batch_id}/validate"), { ...attempt, params, body }),
        validationSchema,
        options,
      ).catch((error: unknown) => {
        if (notOfferedStatuses.has(statusOf(error))) return undefined;
        throw error;
      });
      if (validation?.status.toUpperCase() !== "FAILED") return validation;
      throw new OmopipeError(
        "JOB_FAILED",
        "PhenOM has checked the batch and found it not fit to be scored, so it is not to be started. Look at its files.",
        { record: `batch ${batchId}` },
      );
    },

    startBatch(batchId, outcomeIds, options) {
      const params = { path: { batch_id: batchId } };
      const body = { outcome_ids: [...outcomeIds] };
      return ask(
        "POST /v1/batch/{batch_id}/start",
        (attempt) => api.POST(at("/v1/batch/{batch_id}/start"), { ...attempt, params, body }),
        jobCreatedSchema,
        once(options),
      );
    },
  };
  return operations;
}

/** Whether an upload has this state because it is whole. */
export function isComplete(status: string): boolean {
  return /^(completed?|succeeded|done|uploaded)$/i.test(status);
}
