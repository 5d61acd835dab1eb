import { OmopipeError } from "../../src/pipeline/errors.ts";

/** What a promise rejects with; anything but an OmopipeError fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<OmopipeError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof OmopipeError)) throw new Error(`expected an OmopipeError, got ${String(error)}`);
  return error;
}
