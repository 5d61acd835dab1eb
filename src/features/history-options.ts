import { z } from "zod";
import { OmopipeError } from "../pipeline/errors.ts";

/** What is in the histories, and how it is said. */
export interface PatientHistoriesOptions {
  /** The last day that counts, YYYY-MM-DD. Default: today. */
  readonly asOf?: string | undefined;
  /** How many days before `asOf` count; older events are left out. Default: all. */
  readonly lookBackDays?: number | undefined;
  /**
   * The code systems that the service is to get, by list, the best first: each event is sent in the first that it can be
   * expressed in, and left out where there is none. Default: the source's own code, whatever it is; without one, the order of
   * `schemas/code-preference.csv`.
   *
   * @example
   * { medications: ["ATC"], diagnoses: ["ICD10", "SNOMED"] }
   */
  readonly codeSystems?: Partial<Record<"diagnoses" | "procedures" | "medications", readonly string[]>> | undefined;
  /** Whether ICD codes carry their dot. Default: "as recorded". */
  readonly icd?: "as recorded" | "dotted" | "undotted" | undefined;
  /**
   * What the service knows a person by. Default "pseudonym": a hash of the person's id with a secret key that lies in
   * `features.pseudonym_key` and nowhere else.
   */
  readonly patientId?: "pseudonym" | "person_id" | undefined;
}

const codeSystems = z.array(z.string().min(1)).min(1).optional();

const days = "a whole number of days, from 1 to 100,000";

const optionsSchema = z.strictObject({
  asOf: z.iso.date(),
  lookBackDays: z.int(days).min(1, days).max(100_000, days).optional(),
  codeSystems: z
    .strictObject({ diagnoses: codeSystems, procedures: codeSystems, medications: codeSystems })
    .default({}),
  icd: z.enum(["as recorded", "dotted", "undotted"]).default("as recorded"),
  patientId: z.enum(["pseudonym", "person_id"]).default("pseudonym"),
});

/** The options with their defaults, and the first day that counts. Throws USAGE. */
export function checkedOptions(options: PatientHistoriesOptions) {
  const asOf = options.asOf ?? new Date().toISOString().slice(0, 10);
  if (!z.iso.date().safeParse(asOf).success) {
    throw new OmopipeError("USAGE", `asOf must be a date such as 2026-01-31; "${asOf}" is none.`);
  }
  const checked = optionsSchema.safeParse({ ...options, asOf });
  if (!checked.success) {
    throw new OmopipeError("USAGE", `patientHistories cannot take these options: ${z.prettifyError(checked.error)}`);
  }
  const { lookBackDays, ...rest } = checked.data;
  return { ...rest, since: lookBackDays === undefined ? "0001-01-01" : daysBefore(asOf, lookBackDays) };
}

function daysBefore(day: string, days: number): string {
  const first = new Date(Date.parse(day) - days * 86_400_000);
  return first.getUTCFullYear() < 1 ? "0001-01-01" : first.toISOString().slice(0, 10);
}
