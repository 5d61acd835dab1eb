import { type BatchFileKind, batchFiles } from "../../../schemas/phenom-files.ts";
import { OmopipeError } from "../../pipeline/errors.ts";
import { httpFailureOf } from "../http/failures.ts";

/** Finds out, batch by batch, how a deployment spells the kinds of files. */
export interface ObjectTypes {
  /** Makes the call with the spelling of the guide, or with the one that this batch took before; if need be, with another. */
  call<Result>(batchId: string, kind: BatchFileKind, use: (objectType: string) => Promise<Result>): Promise<Result>;
}

export function createObjectTypes(): ObjectTypes {
  /** Which of the spellings a batch takes; the guide's where it is not listed. */
  const spellings = new Map<string, number>();
  return {
    async call(batchId, kind, use) {
      const { objectTypes } = batchFiles[kind];
      const taken = objectTypes[spellings.get(batchId) ?? 0] ?? objectTypes[0];
      try {
        return await use(taken);
      } catch (error) {
        const other = objectTypes.find((spelling) => spelling !== taken);
        if (other === undefined || !refusesObjectType(error)) throw error;
        const result = await use(other);
        spellings.set(batchId, objectTypes.indexOf(other));
        return result;
      }
    },
  };
}

function refusesObjectType(error: unknown): boolean {
  return error instanceof OmopipeError && httpFailureOf(error)?.status === 422 && /\bobject_type\b/.test(error.message);
}
