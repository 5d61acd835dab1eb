import {
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
} from "../../../schemas/phenom-batch.ts";
import type { BatchFileKind } from "../../../schemas/phenom-files.ts";
import type { CallOptions } from "../http/caller.ts";
import { statusOf } from "../http/failures.ts";
import type { components } from "./contract.generated.ts";
import { createObjectTypes } from "./object-types.ts";
import { asker, type Transport } from "./transport.ts";

/** A file that is to be uploaded. */
export interface UploadRequest {
  readonly kind: BatchFileKind;
  /** Must not hold anything of a patient. */
  readonly filename: string;
  readonly mode: UploadMode;
  /** Default: text/csv. */
  readonly contentType?: string | undefined;
}

/** The operations on uploads, as the contract has them. All throw NOT_OFFERED where the deployment has no batches. */
export interface UploadOperations {
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
}

export function createUploadOperations(transport: Transport): UploadOperations {
  const { api } = transport;
  const ask = asker(transport);
  const objectTypes = createObjectTypes();

  const operations: UploadOperations = {
    createUpload: (batchId, { kind, filename, mode, contentType }, options) =>
      objectTypes.call(batchId, kind, (objectType) => {
        const body = {
          object_type: objectType as components["schemas"]["UploadRequest"]["object_type"],
          filename,
          mode,
          ...(contentType !== undefined && { content_type: contentType }),
        };
        const path = { batch_id: batchId };
        return ask(
          "POST /v1/batch/{batch_id}/upload",
          (attempt) => api.post("/v1/batch/{batch_id}/upload", attempt, { path, body }),
          uploadSessionSchema,
          options,
        );
      }),

    getUploadStatus: (batchId, uploadId, options) =>
      ask(
        "GET /v1/batch/{batch_id}/upload/{upload_id}",
        (attempt) =>
          api.get("/v1/batch/{batch_id}/upload/{upload_id}", attempt, {
            path: { batch_id: batchId, upload_id: uploadId },
          }),
        uploadStatusSchema,
        options,
      ),

    async abortUpload(batchId, uploadId, options) {
      const path = { batch_id: batchId, upload_id: uploadId };
      await ask(
        "DELETE /v1/batch/{batch_id}/upload/{upload_id}",
        (attempt) => api.delete("/v1/batch/{batch_id}/upload/{upload_id}", attempt, { path }),
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
          api.post("/v1/batch/{batch_id}/upload/{upload_id}/part/{part_number}/url", attempt, {
            path: { batch_id: batchId, upload_id: uploadId, part_number: partNumber },
          }),
        uploadPartUrlSchema,
        options,
      ),

    async completeUpload(batchId, uploadId, parts, options) {
      const path = { batch_id: batchId, upload_id: uploadId };
      try {
        return await ask(
          "POST /v1/batch/{batch_id}/upload/{upload_id}/complete",
          (attempt) =>
            api.post("/v1/batch/{batch_id}/upload/{upload_id}/complete", attempt, {
              path,
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
  };
  return operations;
}

/** Whether an upload has this state because it is whole. */
export function isComplete(status: string): boolean {
  return /^(completed?|succeeded|done|uploaded)$/i.test(status);
}
