import { type JobCreated, jobCreatedSchema } from "../../../schemas/phenom.ts";
import {
  type Batch,
  type BatchFinalized,
  batchFinalizedSchema,
  batchSchema,
  type Validation,
  validationSchema,
} from "../../../schemas/phenom-batch.ts";
import { OmopipeError } from "../../pipeline/errors.ts";
import type { CallOptions, OnceOptions } from "../http/caller.ts";
import { statusOf } from "../http/failures.ts";
import { asker, notOfferedStatuses, type Transport } from "./transport.ts";
import { createUploadOperations, type UploadOperations } from "./upload-operations.ts";

/** The operations on batches, as the contract has them. All throw NOT_OFFERED where the deployment has no batches. */
export interface BatchOperations extends UploadOperations {
  /** Opens a batch. `name` must not hold anything of a patient. Throws CALL_UNCERTAIN where the answer was lost. */
  createBatch(request?: { readonly name?: string | undefined }, options?: OnceOptions): Promise<Batch>;
  getBatch(batchId: string, options?: CallOptions): Promise<Batch>;
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

export function createBatchOperations(transport: Transport): BatchOperations {
  const { api } = transport;
  const ask = asker(transport);
  const once = ({ repeatUncertain, ...options }: OnceOptions = {}) => ({ ...options, once: !repeatUncertain });

  const operations: BatchOperations = {
    ...createUploadOperations(transport),

    createBatch({ name } = {}, options) {
      const body = { ...(name !== undefined && { name }), upload_method: "s3_multipart" } as const;
      return ask("POST /v1/batch", (attempt) => api.post("/v1/batch", attempt, { body }), batchSchema, once(options));
    },

    getBatch: (batchId, options) =>
      ask(
        "GET /v1/batch/{batch_id}",
        (attempt) => api.get("/v1/batch/{batch_id}", attempt, { path: { batch_id: batchId } }),
        batchSchema,
        options,
      ),

    async finalizeBatch(batchId, options) {
      const path = { batch_id: batchId };
      try {
        return await ask(
          "POST /v1/batch/{batch_id}/finalize",
          (attempt) => api.post("/v1/batch/{batch_id}/finalize", attempt, { path }),
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
      const path = { batch_id: batchId };
      const body = { outcome_ids: [...outcomeIds] };
      const validation = await ask(
        "POST /v1/batch/{batch_id}/validate",
        (attempt) => api.post("/v1/batch/{batch_id}/validate", attempt, { path, body }),
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
      const path = { batch_id: batchId };
      const body = { outcome_ids: [...outcomeIds] };
      return ask(
        "POST /v1/batch/{batch_id}/start",
        (attempt) => api.post("/v1/batch/{batch_id}/start", attempt, { path, body }),
        jobCreatedSchema,
        once(options),
      );
    },
  };
  return operations;
}
