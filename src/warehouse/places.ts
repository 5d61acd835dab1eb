import { OmopipeError } from "../pipeline/errors.ts";

/** Whether a place to write to is an address ("s3://bucket/cdm") and no folder. */
export const isRemote = (place: string): boolean => /^[a-z][a-z0-9+.-]+:\/\//i.test(place);

/** Throws USAGE where `what` is to be written to an address: a folder of that name would be made instead. */
export function mustBeLocal(what: string, place: string): void {
  if (!isRemote(place)) return;
  throw new OmopipeError(
    "USAGE",
    `${what} to folders only, not to ${place}. The tables can go there as Parquet or CSV: omopipe export --format parquet --out ${place}`,
  );
}
