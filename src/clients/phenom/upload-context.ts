import { OmopipeError } from "../../pipeline/errors.ts";
import type { Schedule } from "../http/backoff.ts";
import type { CallOptions } from "../http/caller.ts";
import { statusOf } from "../http/failures.ts";
import { sendToStore, type UploadTarget } from "../http/object-store.ts";
import { repeat } from "../http/repeat.ts";
import type { UploadOperations } from "./upload-operations.ts";

/** What uploads are made with. */
export interface UploadContext {
  readonly operations: UploadOperations;
  readonly fetch: (request: Request) => Promise<Response>;
  readonly retries: number;
  readonly backoff: Schedule;
  /** How long one file or part may take. */
  readonly transferMilliseconds: number;
}

/**
 * Sends a piece to the store, with more tries after what may pass, and after 403, which is what stores say of a URL that has
 * expired. `targetOf` gives the URL for each try; it is told the failure of the one before. Gives the ETag.
 */
export async function sendPiece(
  context: UploadContext,
  piece: { readonly operation: string; readonly content: Blob; readonly contentType: string },
  targetOf: (failure: OmopipeError | undefined) => Promise<UploadTarget | "arrived">,
  { signal }: CallOptions,
): Promise<string | undefined> {
  const { operation, content, contentType } = piece;
  const service = "The store of PhenOM";
  let failure: OmopipeError | undefined;
  const attempt = async (number: number): Promise<string | undefined> => {
    const target = await targetOf(failure);
    if (target === "arrived") return undefined;
    const call = { service, operation, attempt: number, attempts: context.retries + 1 };
    try {
      return await sendToStore(context.fetch, call, target, content, {
        contentType,
        timeoutMilliseconds: context.transferMilliseconds,
        signal,
      });
    } catch (error) {
      if (error instanceof OmopipeError) failure = error;
      throw error;
    }
  };
  const again = (error: OmopipeError): boolean => error === failure && (error.retryable || hasExpired(error));
  return await repeat(attempt, {
    service,
    operation,
    retries: context.retries,
    backoff: context.backoff,
    signal,
    again,
  });
}

/** What stores say of a presigned URL whose time is over. */
export function hasExpired(error: unknown): boolean {
  return statusOf(error) === 403;
}
