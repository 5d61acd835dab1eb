import { randomUUID } from "node:crypto";
import type { CompletedPart } from "../../../schemas/phenom-batch.ts";
import { type BatchFileKind, batchFileKindOf } from "../../../schemas/phenom-files.ts";
import { invalid, Refusal } from "./answers.ts";
import type { ObjectStore, StoredObject } from "./object-store.ts";
import type { Grant } from "./presigned-urls.ts";

export const batchLimits = { maximumFiles: 1000, maximumFileBytes: 5 * 1024 ** 3 } as const;

/** One file on its way into a batch. */
export interface Upload {
  readonly uploadId: string;
  readonly kind: BatchFileKind;
  /** As the caller spells it. */
  readonly objectType: string;
  readonly filename: string;
  readonly mode: "single" | "multipart";
  readonly key: string;
  readonly parts: Map<number, StoredObject>;
  aborted: boolean;
  /** Once the file is whole. */
  stored: StoredObject | undefined;
}

export interface EngineBatch {
  readonly batchId: string;
  readonly name: string | null;
  readonly createdAt: Date;
  readonly uploads: Map<string, Upload>;
  /** The jobs of this batch, by the outcomes they were started for. */
  readonly jobIds: Map<string, string>;
  /** Once the batch is frozen. */
  manifestKey: string | undefined;
}

export interface BatchBoard {
  open(name: string | null): EngineBatch;
  find(batchId: string): EngineBatch;
  openUpload(batch: EngineBatch, request: { object_type: string; filename: string; mode: Upload["mode"] }): Upload;
  findUpload(batch: EngineBatch, uploadId: string): Upload;
  /** Takes what is sent to the presigned URL of an upload or of one of its parts. */
  receive(grant: Grant, content: AsyncIterable<Uint8Array>): Promise<StoredObject>;
  complete(upload: Upload, parts: readonly CompletedPart[]): Promise<StoredObject>;
  abort(upload: Upload): Promise<void>;
  /** Freezes the batch. Again, it changes nothing. */
  finalize(batch: EngineBatch): Promise<string>;
}

/** Takes batches and their files. Whatever a batch or an upload is not ready for is refused, as the contract has it. */
export function createBatchBoard(store: ObjectStore): BatchBoard {
  const batches = new Map<string, EngineBatch>();
  const uploadsByKey = new Map<string, { readonly batch: EngineBatch; readonly upload: Upload }>();

  const board: BatchBoard = {
    open(name) {
      const batch: EngineBatch = {
        batchId: `batch_${randomUUID()}`,
        name,
        createdAt: new Date(),
        uploads: new Map(),
        jobIds: new Map(),
        manifestKey: undefined,
      };
      batches.set(batch.batchId, batch);
      return batch;
    },

    find: (batchId) => batches.get(batchId) ?? refuse(404, "There is no such batch"),

    openUpload(batch, { object_type, filename, mode }) {
      mustBeOpen(batch);
      const kind = batchFileKindOf(object_type);
      if (kind === undefined) {
        throw invalid("body", [{ path: ["object_type"], message: "Unknown kind of file", code: "enum" }]);
      }
      if (batch.uploads.size >= batchLimits.maximumFiles) refuse(409, "The batch has as many files as it may have");
      const uploadId = `upload_${randomUUID()}`;
      const upload: Upload = {
        uploadId,
        kind,
        objectType: object_type,
        filename,
        mode,
        key: `batches/${batch.batchId}/${kind}/${uploadId}.csv`,
        parts: new Map(),
        aborted: false,
        stored: undefined,
      };
      batch.uploads.set(uploadId, upload);
      uploadsByKey.set(upload.key, { batch, upload });
      return upload;
    },

    findUpload: (batch, uploadId) => batch.uploads.get(uploadId) ?? refuse(404, "There is no such upload"),

    async receive({ key, part }, content) {
      const { batch, upload } = uploadsByKey.get(key) ?? refuse(404, "There is no such upload");
      mustBeOpen(batch);
      mustBeInProgress(upload, { anew: part === undefined });
      if (part === undefined) {
        upload.stored = await store.write(key, content, batchLimits.maximumFileBytes);
        return upload.stored;
      }
      const stored = await store.write(`parts/${upload.uploadId}/${part}`, content, batchLimits.maximumFileBytes);
      upload.parts.set(part, stored);
      return stored;
    },

    async complete(upload, parts) {
      mustBeInProgress(upload);
      const wanted = parts.map(({ part_number, etag }, position) => {
        const stored = upload.parts.get(part_number);
        const follows = position === 0 || part_number > parts[position - 1]!.part_number;
        if (stored?.etag === etag && follows) return stored;
        const message = follows ? "No part of this number and ETag was sent" : "Parts must be in order";
        throw invalid("body", [{ path: ["parts", position], message, code: "invalid_part" }]);
      });
      upload.stored = await store.join(upload.key, wanted);
      await store.remove(`parts/${upload.uploadId}`);
      return upload.stored;
    },

    async abort(upload) {
      if (upload.stored) refuse(409, "The file is already whole");
      upload.aborted = true;
      upload.parts.clear();
      await store.remove(`parts/${upload.uploadId}`);
    },

    async finalize(batch) {
      if (batch.manifestKey !== undefined) return batch.manifestKey;
      const files = filesOf(batch);
      if (!files.some(({ kind }) => kind === "patients")) refuse(409, "The batch has no patients file");
      const manifestKey = `batches/${batch.batchId}/manifest.json`;
      const manifest = {
        batch_id: batch.batchId,
        files: files.map(({ kind, key, stored }) => ({
          key,
          object_type: kind,
          size_bytes: stored.sizeBytes,
          etag: stored.etag,
        })),
      };
      batch.manifestKey = manifestKey;
      await store.write(manifestKey, chunk(JSON.stringify(manifest)));
      return manifestKey;
    },
  };
  return board;
}

/** The files of a batch that have arrived. Uploads that were begun and not ended, or given up, are none. */
export function filesOf({ uploads }: EngineBatch): (Upload & { readonly stored: StoredObject })[] {
  return [...uploads.values()].flatMap((upload) => (upload.stored ? { ...upload, stored: upload.stored } : []));
}

export function statusOf(batch: EngineBatch): "CREATED" | "UPLOADING" | "FINALIZED" {
  if (batch.manifestKey !== undefined) return "FINALIZED";
  return batch.uploads.size > 0 ? "UPLOADING" : "CREATED";
}

function mustBeOpen(batch: EngineBatch): void {
  if (batch.manifestKey !== undefined) refuse(409, "The batch is finalized and takes no more files");
}

function mustBeInProgress(upload: Upload, { anew = false } = {}): void {
  if (upload.aborted) refuse(409, "The upload was given up");
  // What a single upload sends a second time replaces the first.
  if (upload.stored && !(anew && upload.mode === "single")) refuse(409, "The file is already whole");
}

function refuse(status: 404 | 409, detail: string): never {
  throw new Refusal(status, detail);
}

async function* chunk(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
