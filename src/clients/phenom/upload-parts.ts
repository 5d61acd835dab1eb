import PQueue from "p-queue";
import type { CompletedPart, UploadState } from "../../../schemas/phenom-batch.ts";
import { OmopipeError } from "../../pipeline/errors.ts";
import { responseError } from "../http/failures.ts";
import { sendPiece, type UploadContext } from "./upload-context.ts";
import type { UploadFileOptions } from "./upload-file.ts";
import { typeOf } from "./upload-single.ts";

const usualPartBytes = 64 * 1024 ** 2;

/**
 * Sends a file in parts, some at once, and has them put together. Every try of a part has a fresh URL. When a part fails for
 * good the upload is given up, unless it was stopped: then it goes on from its saved state.
 */
export async function sendParts(
  context: UploadContext,
  begun: UploadState,
  content: Blob,
  options: UploadFileOptions,
): Promise<UploadState> {
  const { operations } = context;
  const { batchId, sizeBytes } = begun;
  let state = await opened(context, begun, options);
  const uploadId = state.uploadId!;
  const partBytes = state.partSizeBytes!;
  const sent = new Map(state.parts.map((part) => [part.part_number, part]));
  const save = async (more: Partial<UploadState>): Promise<void> => {
    state = { ...state, ...more };
    await options.save?.(state);
  };

  const send = async (part_number: number): Promise<void> => {
    const from = (part_number - 1) * partBytes;
    const etag = await sendPiece(
      context,
      {
        operation: `PUT of a part of a ${state.kind} file`,
        content: content.slice(from, Math.min(from + partBytes, sizeBytes)),
        contentType: typeOf(state.filename),
      },
      () => operations.createUploadPartUrl(batchId, uploadId, part_number, options),
      options,
    );
    if (!etag) throw responseError("The store of PhenOM", "PUT of a part", "it gives no ETag");
    sent.set(part_number, { part_number, etag });
    await save({ parts: inOrder(sent) });
  };

  try {
    const queue = new PQueue({ concurrency: options.parallelParts ?? 4 });
    const count = Math.max(1, Math.ceil(sizeBytes / partBytes));
    const missing = Array.from({ length: count }, (_, i) => i + 1).filter((number) => !sent.has(number));
    let failure: unknown;
    for (const number of missing) {
      queue.add(async () => {
        if (failure !== undefined) return;
        await send(number).catch((error: unknown) => {
          failure ??= error;
        });
      });
    }
    // What has begun comes to its end, so that nothing is sent to an upload that was given up.
    await queue.onIdle();
    if (failure !== undefined) throw failure;
    await operations.completeUpload(batchId, uploadId, inOrder(sent), options);
  } catch (error) {
    const stopped = error instanceof OmopipeError && error.code === "ABORTED";
    if (!stopped) await operations.abortUpload(batchId, uploadId, options).catch(() => {});
    throw error;
  }
  await save({ done: true });
  return state;
}

/** The upload as it was saved, where it is still open; else a new one. */
async function opened(context: UploadContext, begun: UploadState, options: UploadFileOptions): Promise<UploadState> {
  const { batchId, kind, filename } = begun;
  if (begun.uploadId !== undefined && begun.partSizeBytes !== undefined) return begun;
  const request = { kind, filename, mode: "multipart", contentType: typeOf(filename) } as const;
  const session = await context.operations.createUpload(batchId, request, options);
  if (!session.upload_id) {
    throw responseError("PhenOM", "POST /v1/batch/{batch_id}/upload", "it gives no upload_id to send parts to");
  }
  const state = { ...begun, uploadId: session.upload_id, partSizeBytes: session.part_size_bytes ?? usualPartBytes };
  await options.save?.(state);
  return state;
}

function inOrder(parts: ReadonlyMap<number, CompletedPart>): CompletedPart[] {
  return [...parts.values()].sort((one, other) => one.part_number - other.part_number);
}
