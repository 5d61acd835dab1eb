import { z } from "zod";

const count = z.int().min(0);

const fateSchema = z.strictObject({
  /** Records read; always the sum of the other six. */
  read: count,
  /** Records that left at least one row in the CDM. */
  mapped: count,
  /** Records used only through others (Medication). */
  reference: count,
  /** Records of a type that is not mapped. */
  ignored: count,
  /** Records that a rule refused: see `dropped`. */
  dropped: count,
  /** Records that a newer version replaced. */
  superseded: count,
  /** Records that could not be read: see `meta.quarantine`. */
  quarantined: count,
});

/** What became of records. */
export type Fate = z.infer<typeof fateSchema>;

/** `report.json`: what a run read, and what became of every record of it. */
export const runReportSchema = z.strictObject({
  run_id: z.string(),
  /** The vocabulary release; empty when mapped without a vocabulary. */
  vocab_version: z.string(),
  resources: fateSchema.extend({ by_type: z.record(z.string(), fateSchema) }),
  /** Rows by CDM table of the whole warehouse. */
  tables: z.record(z.string(), count),
  dropped: z.array(z.strictObject({ resource_type: z.string(), reason: z.string(), count })),
  /** Parts of records that were kept, such as a component, a text or a death without date: they left no row of their own. */
  dropped_parts: z.array(z.strictObject({ resource_type: z.string(), reason: z.string(), count })),
  /** Rows of the whole warehouse that are kept though they cannot be as they are, such as one before birth: see `mapping.implausible`. */
  implausible: z.array(z.strictObject({ cdm_table: z.string(), problem: z.string(), rows: count })),
  /** Elements of another type than FHIR gives them, and in how many records. Records that have them are read without them. */
  unread_elements: z.array(
    z.strictObject({
      resource_type: z.string(),
      element: z.string(),
      expected: z.string(),
      found: z.string(),
      records: count,
    }),
  ),
  summary: z.strictObject({
    /** Events whose code was a standard concept as sent. */
    codes_already_standard: count,
    /** Events whose code was mapped to a standard concept. */
    codes_normalized: count,
    /** Events kept with concept 0. */
    codes_unmapped: count,
    /** (normalized + unmapped) / all, from 0 to 1. */
    off_vocab_rate: z.number().min(0).max(1),
  }),
  /** What became of each file. `format` is unreadable where not even the kind of file could be told. */
  files: z.array(fateSchema.extend({ path: z.string(), format: z.string(), problems: z.array(z.string()) })),
});

export type RunReport = z.infer<typeof runReportSchema>;
