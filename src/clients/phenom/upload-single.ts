import type { UploadState } from "../../../schemas/phenom-batch.ts";
import type { OmopipeError } from "../../pipeline/errors.ts";
import { responseError, statusOf } from "../http/failures.ts";
import type { UploadTarget } from "../http/object-store.ts";
import { notOfferedStatuses } from "./transport.ts";
import { hasExpired, sendPiece, type UploadContext } from "./upload-context.ts";
import type { UploadFileOptions } from "./upload-file.ts";
import { isComplete } from "./upload-operations.ts";

/**
 * Sends a file in one piece. Before another session is opened, the one before is looked at: where an answer was lost, the
 * file may have arrived, and a second one would be scored beside it.
 */
export async function sendSingle(
  context: UploadContext,
  begun: UploadState,
  content: Blob,
  options: UploadFileOptions,
): Promise<UploadState> {
  const { operations } = context;
  const { batchId, kind, filename, sizeBytes } = begun;
  let state = begun;
  let target: UploadTarget | undefined;

  const targetOf = async (failure: OmopipeError | undefined): Promise<UploadTarget | "arrived"> => {
    if (target && !hasExpired(failure)) return target;
    if (state.uploadId !== undefined) {
      if (await hasArrived(context, batchId, state.uploadId, sizeBytes, options)) return "arrived";
      await operations.abortUpload(batchId, state.uploadId, options).catch(() => {});
    }
    const session = await operations.createUpload(
      batchId,
      { kind, filename, mode: "single", contentType: typeOf(filename) },
      options,
    );
    if (session.url === undefined) {
      throw responseError("PhenOM", "POST /v1/batch/{batch_id}/upload", "it gives no URL to send the file to");
    }
    state = { ...state, uploadId: session.upload_id ?? undefined };
    await options.save?.(state);
    target = { ...session, url: session.url };
    return target;
  };

  await sendPiece(
    context,
    { operation: `PUT of a ${kind} file`, content, contentType: typeOf(filename) },
    targetOf,
    options,
  );
  state = { ...state, done: true };
  await options.save?.(state);
  return state;
}

export function typeOf(filename: string): string {
  return filename.endsWith(".gz") ? "application/gzip" : "text/csv";
}

async function hasArrived(
  { operations }: UploadContext,
  batchId: string,
  uploadId: string,
  sizeBytes: number,
  options: UploadFileOptions,
): Promise<boolean> {
  try {
    const { status, bytes_uploaded } = await operations.getUploadStatus(batchId, uploadId, options);
    return isComplete(status) && (bytes_uploaded ?? sizeBytes) === sizeBytes;
  } catch (error) {
    if (notOfferedStatuses.has(statusOf(error))) return false;
    throw error;
  }
}
