import { z } from "zod";

/**
 * The contract of the PhenOM Inference API for jobs: what is sent for one patient, and what is told of jobs of one patient
 * or of a batch (`phenom-batch.ts` has the rest). What is sent is strict, so a member the service does not know is refused
 * here and not there. What comes back is read loosely: states are an open list, and unknown members do no harm. The same
 * contract as OpenAPI 3.1 is in `schemas/phenom.openapi.json`. Dates are real calendar days, YYYY-MM-DD.
 */

const patientSchema = z.strictObject({
  /** The caller's own identifier. */
  patient_id: z.string().min(1).max(100),
  birth_date: z.iso.date(),
  sex: z.enum(["M", "F", "U"]),
  /** The first three digits of the ZIP code, as text; the service takes up to five characters. */
  zip3: z.string().min(3).max(5),
});

const labResultSchema = z.strictObject({
  lab_date: z.iso.date(),
  loinc: z.string(),
  /** For example N, Y, H or L. */
  value_abnormal: z.string().nullish(),
});

const diagnosisSchema = z.strictObject({
  diagnosis_date: z.iso.date(),
  code: z.string(),
  /** For example ICD10, ICD9 or SNOMED. */
  code_type_name: z.string(),
});

const procedureSchema = z.strictObject({
  procedure_date: z.iso.date(),
  code: z.string(),
  /** For example HCPCS, ICD10PCS or SNOMED. */
  code_type_name: z.string(),
});

const medicationSchema = z.strictObject({
  medication_start: z.iso.date(),
  code: z.string(),
  /** For example ATC, NDC or RXNORM. Unlike in the other lists, the member is not called `code_type_name`. */
  code_type: z.string(),
});

/**
 * The history of exactly one patient. Only `patient` is required.
 *
 * @example
 * patientHistorySchema.parse({
 *   patient: { patient_id: "p1", birth_date: "1950-02-28", sex: "F", zip3: "606" },
 *   diagnoses: [{ diagnosis_date: "2020-01-01", code: "I50.9", code_type_name: "ICD10" }],
 * });
 */
export const patientHistorySchema = z.strictObject({
  patient: patientSchema,
  lab_results: z.array(labResultSchema).nullish(),
  diagnoses: z.array(diagnosisSchema).nullish(),
  procedures: z.array(procedureSchema).nullish(),
  medications: z.array(medicationSchema).nullish(),
});
export type PatientHistory = z.infer<typeof patientHistorySchema>;

/** What `POST /v1/job/from-patient` takes. A job is created once for each idempotency key. */
export const jobFromPatientRequestSchema = z.strictObject({
  outcome_ids: z.array(z.string()).min(1),
  patient_history: patientHistorySchema,
  /** Must not hold anything of the patient: it ends up in logs. */
  idempotency_key: z.string(),
});
export type JobFromPatientRequest = z.infer<typeof jobFromPatientRequestSchema>;

/** What `POST /v1/job/from-patient` answers. */
export const jobCreatedSchema = z.looseObject({
  job_id: z.string().min(1),
  status: z.string(),
});
export type JobCreated = z.infer<typeof jobCreatedSchema>;

const jobMetricsSchema = z.looseObject({
  records_processed: z.int(),
  patients_scored: z.int(),
  patients_excluded: z.int(),
  exclusions_by_reason: z.record(z.string(), z.int().nullable()).optional(),
  error_rows: z.int().optional(),
});

/** The state of a job. `metrics` may be absent even when the job is done. */
export const jobSchema = z.looseObject({
  job_id: z.string().min(1),
  /** QUEUED, RUNNING, SUCCEEDED, SUCCEEDED_WITH_EXCLUSIONS, FAILED, and whatever the service adds. */
  status: z.string(),
  metrics: jobMetricsSchema.nullish(),
  error_message: z.string().nullish(),
  /** What stands behind the scores, with its version, where the service tells. */
  model_source: z.string().nullish(),
});
export type Job = z.infer<typeof jobSchema>;

const probability = z.number().min(0).max(1);
const ratio = z.number().min(0);

/** The score of one patient for one outcome. Members beyond these ten are kept as they come. */
export const jobResultSchema = z.looseObject({
  patient_id: z.string(),
  outcome_id: z.string(),
  probability,
  prob_upper_95_percent_bound: probability,
  prob_lower_95_percent_bound: probability,
  /** Probability relative to the baseline population. */
  relative_probability: ratio,
  rel_upper_95_percent_bound: ratio,
  rel_lower_95_percent_bound: ratio,
  /** From 1 to `num_bins`. The contract gives bins no direction. */
  bin_id: z.int().min(1),
  num_bins: z.int().min(1),
});
export type JobResult = z.infer<typeof jobResultSchema>;

/** A patient who was not scored. Services name a reason, for example demographic_ineligible or insufficient_history. */
export const jobExclusionSchema = z.looseObject({
  patient_id: z.string(),
  reason: z.string().nullish(),
  detail: z.string().nullish(),
  /** The outcomes that were not scored; without them, none was. */
  outcomes_affected: z.array(z.string()).nullish(),
});
export type JobExclusion = z.infer<typeof jobExclusionSchema>;

/** Something that went wrong in a job, mostly a row of a file. The two shapes that services use are here as one. */
export const jobErrorSchema = z.looseObject({
  message: z.string().default("The service gives no message."),
  error_type: z.string().nullish(),
  timestamp: z.string().nullish(),
  object_type: z.string().nullish(),
  file: z.string().nullish(),
  row: z.int().nullish(),
  code: z.string().nullish(),
});
export type JobError = z.infer<typeof jobErrorSchema>;

/** One page of anything. `next_page_token` alone tells whether more follow; `total_rows` only informs. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next_page_token?: string | null | undefined;
  readonly total_rows?: number | null | undefined;
}

/** A page of such items. A bare list is a page without a next one. */
function pageOf<Item extends z.ZodType>(item: Item) {
  return z.preprocess(
    (answer) => (Array.isArray(answer) ? { items: answer } : answer),
    z.object({
      items: z.array(item),
      next_page_token: z.string().nullish(),
      total_rows: z.int().nullish(),
    }),
  );
}

export const jobResultPageSchema = pageOf(jobResultSchema);
export type JobResultPage = z.infer<typeof jobResultPageSchema>;
export const jobExclusionPageSchema = pageOf(jobExclusionSchema);
export const jobErrorPageSchema = pageOf(jobErrorSchema);

/** A file of scores: CSV with the members of a result as header. `key` stays when the URL is renewed. */
const downloadShardSchema = z.preprocess(
  (shard) => (typeof shard === "string" ? { url: shard } : shard),
  z.looseObject({
    url: z.url({ protocol: /^https?$/ }),
    key: z.string().nullish(),
    size: z.int().min(0).nullish(),
    etag: z.string().nullish(),
    expires_at: z.string().nullish(),
  }),
);
export type DownloadShard = z.infer<typeof downloadShardSchema>;

/**
 * What `GET /v1/job/{job_id}/results/download` answers, as one manifest: services put it into `manifest` or send it bare,
 * list shards as objects or as addresses, or send one `url` alone.
 */
export const downloadManifestSchema = z.preprocess(
  (answer) => {
    const { manifest } = (answer ?? {}) as { manifest?: unknown };
    const bare = (manifest ?? answer ?? {}) as { shards?: unknown; url?: unknown };
    return bare.shards === undefined && bare.url !== undefined ? { ...bare, shards: [bare.url] } : bare;
  },
  z.looseObject({
    job_id: z.string().nullish(),
    total_rows: z.int().nullish(),
    shards: z.array(downloadShardSchema),
  }),
);
export type DownloadManifest = z.infer<typeof downloadManifestSchema>;

/** What `POST /v1/outcome` answers: the ids of the outcomes that can be scored. */
export const outcomesSchema = z.array(z.string());
