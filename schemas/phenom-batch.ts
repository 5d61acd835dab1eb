import { z } from "zod";
import { batchFileKinds } from "./phenom-files.ts";

/**
 * The contract of the PhenOM Inference API for batches: what is sent to open a batch, to bring files to it and to start it,
 * and what comes back. As in `phenom.ts`, what is sent is strict and what comes back is read loosely.
 */

/** What `POST /v1/batch` takes. */
export const batchCreateRequestSchema = z.strictObject({
  /** For people. Must not hold anything of a patient. */
  name: z.string().max(256).nullish(),
  /** How files reach the batch; the mode of each upload is another matter. */
  upload_method: z.literal("s3_multipart").nullish(),
});

/** A batch, as it is answered when it is opened and when it is looked at. */
export const batchSchema = z.looseObject({
  batch_id: z.string().min(1),
  /** CREATED, UPLOADING, FINALIZED, and whatever the service adds. */
  status: z.string(),
  name: z.string().nullish(),
});
export type Batch = z.infer<typeof batchSchema>;

/** What `POST /v1/batch/{batch_id}/finalize` answers. */
export const batchFinalizedSchema = z.looseObject({
  batch_id: z.string().min(1),
  status: z.string(),
  manifest_key: z.string().nullish(),
});
export type BatchFinalized = z.infer<typeof batchFinalizedSchema>;

/** What validate and start take. */
export const outcomesRequestSchema = z.strictObject({ outcome_ids: z.array(z.string()).min(1) });

/** What `POST /v1/batch/{batch_id}/validate` answers. There is nowhere to look at it again. */
export const validationSchema = z.looseObject({
  validation_id: z.string().nullish(),
  /** QUEUED, RUNNING, SUCCEEDED or FAILED. */
  status: z.string(),
});
export type Validation = z.infer<typeof validationSchema>;

const uploadModeSchema = z.enum(["single", "multipart"]);
export type UploadMode = z.infer<typeof uploadModeSchema>;

/** What `POST /v1/batch/{batch_id}/upload` takes. `object_type` has several spellings: see `phenom-files.ts`. */
export const uploadRequestSchema = z.strictObject({
  object_type: z.string(),
  /** Must not hold anything of a patient. */
  filename: z.string().min(1),
  mode: uploadModeSchema,
  content_type: z.string().optional(),
});

const presignedUrl = z.url({ protocol: /^https?$/ });
/** The names that services give the URL of a single upload, the usual one first. */
const urlMembers = ["url", "presigned_url", "upload_url", "signed_url", "put_url"] as const;

/**
 * Where a file is to be sent. `url` is there for a single upload, whatever the service calls it; `method`, `headers` and
 * `fields` are there where the store wants something else than a plain PUT.
 */
export const uploadSessionSchema = z.preprocess(
  (answer) => {
    const members = (answer ?? {}) as Record<string, unknown>;
    return { ...members, url: urlMembers.map((name) => members[name]).find((url) => typeof url === "string") };
  },
  z.looseObject({
    upload_id: z.string().nullish(),
    key: z.string().nullish(),
    expires_at: z.string().nullish(),
    url: presignedUrl.optional(),
    part_size_bytes: z.int().min(1).nullish(),
    method: z.string().nullish(),
    headers: z.record(z.string(), z.string()).nullish(),
    /** Members of a form that the file is to be posted in. */
    fields: z.record(z.string(), z.string()).nullish(),
  }),
);
export type UploadSession = z.infer<typeof uploadSessionSchema>;

/** Where a part is to be sent. */
export const uploadPartUrlSchema = z.looseObject({ url: presignedUrl, expires_at: z.string().nullish() });
export type UploadPartUrl = z.infer<typeof uploadPartUrlSchema>;

/** A part that the store has: its number, from 1, and the ETag as the store gave it, quotes and all. */
export const completedPartSchema = z.strictObject({ part_number: z.int().min(1), etag: z.string().min(1) });
export type CompletedPart = z.infer<typeof completedPartSchema>;

/** What `POST …/complete` takes. */
export const completeUploadRequestSchema = z.strictObject({ parts: z.array(completedPartSchema).min(1) });

/** What `POST …/complete` answers. */
export const uploadCompletedSchema = z.looseObject({
  upload_id: z.string().nullish(),
  key: z.string().nullish(),
  etag: z.string().nullish(),
  size_bytes: z.int().min(0).nullish(),
});
export type UploadCompleted = z.infer<typeof uploadCompletedSchema>;

/** The state of an upload. */
export const uploadStatusSchema = z.looseObject({
  upload_id: z.string().nullish(),
  /** For example in_progress, completed or aborted. */
  status: z.string(),
  bytes_uploaded: z.int().min(0).nullish(),
  parts_uploaded: z.array(z.int()).nullish(),
});
export type UploadStatus = z.infer<typeof uploadStatusSchema>;

/**
 * How far the upload of one file has come: what is to be kept, as JSON, so that another process goes on where this one
 * ended. Holds no URL and nothing of a patient.
 */
export const uploadStateSchema = z.strictObject({
  batchId: z.string(),
  kind: z.enum(batchFileKinds),
  /** The name that the service was given. */
  filename: z.string(),
  mode: uploadModeSchema,
  sizeBytes: z.int().min(0),
  /** When the file was last written, in milliseconds: a file that has changed since is sent anew. */
  modifiedAt: z.number(),
  done: z.boolean(),
  /** Of a multipart upload. */
  uploadId: z.string().optional(),
  partSizeBytes: z.int().min(1).optional(),
  parts: z.array(completedPartSchema),
});
/** How far an upload has come; to be saved as JSON. */
export type UploadState = z.infer<typeof uploadStateSchema>;

/** What `DELETE …/upload/{upload_id}` answers; nothing of it is needed. */
export const uploadAbortedSchema = z.unknown();
