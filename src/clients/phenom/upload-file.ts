import { randomUUID } from "node:crypto";
import { openAsBlob } from "node:fs";
import { stat } from "node:fs/promises";
import type { UploadMode, UploadState } from "../../../schemas/phenom-batch.ts";
import type { BatchFileKind } from "../../../schemas/phenom-files.ts";
import { messageOf, OmopipeError } from "../../pipeline/errors.ts";
import type { CallOptions } from "../http/caller.ts";
import { statusOf } from "../http/failures.ts";
import { notOfferedStatuses } from "./transport.ts";
import type { UploadContext } from "./upload-context.ts";
import { sendParts } from "./upload-parts.ts";
import { sendSingle } from "./upload-single.ts";

/** A file for a batch. */
export interface BatchFileUpload {
  readonly kind: BatchFileKind;
  /** Where the file lies. It must not change until it is sent. */
  readonly path: string;
  /** The name that the service is given; must not hold anything of a patient. Default: the kind and random letters. */
  readonly filename?: string | undefined;
  /** Default: in one piece up to 64 MiB, in parts above. */
  readonly mode?: UploadMode | undefined;
}

/** How a file is uploaded. */
export interface UploadFileOptions extends CallOptions {
  /** What was saved of this upload before: it goes on from there, if the file is still the same. */
  readonly state?: UploadState | undefined;
  /** Is given the state each time it changes, to be saved; the upload waits for it. */
  readonly save?: ((state: UploadState) => unknown) | undefined;
  /** How many parts are sent at once. Default 4. */
  readonly parallelParts?: number | undefined;
}

const largestInOnePiece = 64 * 1024 ** 2;

/**
 * Brings a file into a batch, in one piece or in parts, and gives the state it came to, with `done`. A URL that has expired
 * is renewed. An upload that was broken off goes on from its saved state: parts that the store has are not sent again. A
 * deployment without parts gets the file in one piece. Throws INPUT_NOT_FOUND, UPLOAD_FAILED when the file changes
 * meanwhile, and what calls throw; an upload in parts that fails is given up, unless it was stopped.
 *
 * Memory: none to speak of; the file is read as it is sent.
 */
export async function uploadFile(
  context: UploadContext,
  batchId: string,
  upload: BatchFileUpload,
  options: UploadFileOptions,
): Promise<UploadState> {
  const { kind, path } = upload;
  const { size, mtimeMs } = await stat(path).catch((error: unknown) => {
    throw new OmopipeError("INPUT_NOT_FOUND", `There is no file ${path} to upload.`, { cause: error });
  });
  const content = await openAsBlob(path);
  const known = options.state;
  const isSame = known?.batchId === batchId && known.sizeBytes === size && known.modifiedAt === mtimeMs;
  if (isSame && known.done) return known;
  if (known?.uploadId !== undefined && !isSame) {
    await context.operations.abortUpload(known.batchId, known.uploadId, options).catch(() => {});
  }
  const begun: UploadState = isSame
    ? known
    : {
        batchId,
        kind,
        filename: upload.filename ?? `${kind}-${randomUUID()}.csv${path.endsWith(".gz") ? ".gz" : ""}`,
        mode: upload.mode ?? (size > largestInOnePiece ? "multipart" : "single"),
        sizeBytes: size,
        modifiedAt: mtimeMs,
        done: false,
        parts: [],
      };
  try {
    if (begun.mode === "single") return await sendSingle(context, begun, content, options);
    return await sendParts(context, begun, content, options);
  } catch (error) {
    const now = await stat(path).catch(() => undefined);
    if (now?.size !== size || now.mtimeMs !== mtimeMs) {
      throw new OmopipeError("UPLOAD_FAILED", `${path} has changed while it was uploaded. Upload it again.`, {
        cause: error,
      });
    }
    if (begun.mode === "single") throw error;
    if (begun.uploadId !== undefined && isGone(error)) {
      return await uploadFile(context, batchId, upload, { ...options, state: undefined });
    }
    if (!lacksParts(error)) throw error;
    const { uploadId: _, partSizeBytes: __, ...rest } = begun;
    return await sendSingle(context, { ...rest, mode: "single", parts: [] }, content, options);
  }
}

/** The upload that was saved is not there any more. */
function isGone(error: unknown): boolean {
  return statusOf(error) === 404 || statusOf(error) === 409;
}

/** A deployment without parts refuses the mode, or does not know the operations on parts. */
function lacksParts(error: unknown): boolean {
  const status = statusOf(error);
  return notOfferedStatuses.has(status) || (status === 422 && /\bmode\b/.test(messageOf(error)));
}
