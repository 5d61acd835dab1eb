/**
 * The closed list of error codes. Each code names one kind of trouble a caller may want to handle;
 * the message of the error says what, where, why and what to do.
 */
export type ErrorCode =
  | "USAGE"
  | "INPUT_NOT_FOUND"
  | "INPUT_NOT_FHIR"
  | "VOCABULARY_MISSING"
  | "VOCABULARY_INVALID"
  | "WAREHOUSE_LOCKED"
  | "WAREHOUSE_INVALID"
  | "CSV_MAPPING_INVALID"
  | "QUERY_FAILED"
  | "EXPORT_FAILED"
  | "HISTORY_INVALID"
  | "HTTP_STATUS"
  | "HTTP_NETWORK"
  | "HTTP_TIMEOUT"
  | "RESPONSE_INVALID"
  | "CALL_UNCERTAIN"
  | "NOT_OFFERED"
  | "UPLOAD_FAILED"
  | "JOB_FAILED"
  | "JOB_TIMEOUT"
  | "SCORING_FAILED"
  | "ABORTED"
  | "STAGE_FAILED";

/** What an error says beside its code and message. */
export interface OmopipeErrorOptions {
  /** The stage in which it happened; filled in by the pipeline when left out. */
  readonly stage?: string | undefined;
  /** Where: a file, line or record key. Never clinical content, never a patient's name or identifier. */
  readonly record?: string | undefined;
  /** Whether the same call may succeed when repeated. Default false. */
  readonly retryable?: boolean | undefined;
  /** What was thrown underneath. */
  readonly cause?: unknown;
}

/**
 * The one error class that omopipe throws on purpose.
 *
 * @example
 * try {
 *   await pipeline(fhirFiles("missing/")).run(warehouse);
 * } catch (error) {
 *   if (error instanceof OmopipeError && error.code === "INPUT_NOT_FOUND") console.error(error.message);
 * }
 */
export class OmopipeError extends Error {
  override readonly name = "OmopipeError";
  readonly code: ErrorCode;
  readonly stage: string | undefined;
  readonly record: string | undefined;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: OmopipeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.stage = options.stage;
    this.record = options.record;
    this.retryable = options.retryable ?? false;
  }
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Gives any thrown value a code and the stage it came from; an error that has both passes unchanged. */
export function inStage(error: unknown, stage: string, signal?: AbortSignal): OmopipeError {
  if (error instanceof OmopipeError) {
    if (error.stage !== undefined) return error;
    return new OmopipeError(error.code, error.message, { ...error, stage, cause: error.cause ?? error });
  }
  if (signal?.aborted) {
    return new OmopipeError("ABORTED", `Stopped in ${stage}: ${messageOf(signal.reason)}`, { stage, cause: error });
  }
  return new OmopipeError("STAGE_FAILED", `${stage}: ${messageOf(error)}`, { stage, cause: error });
}
