import * as z from "zod";

// The answer of `POST /fhir2omop/create` as the PhenoML API describes it: rows of OMOP CDM 5.4 without the columns that the
// contract does not have. What a row does not say is left out, but a concept: that is 0.

const id = z.int().min(0);
const whole = z.int();
const number = z.number();
const text = z.string();
/** A day, or a day and a time. */
const time = z.string().regex(/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?)?$/);
const day = z.iso.date();

const rows = <Columns extends z.ZodRawShape>(columns: Columns) => z.array(z.strictObject(columns));

/** The tables of the answer, and their columns in order. */
export const fhirToOmopTables = {
  location: rows({
    location_id: id,
    address_1: text.optional(),
    address_2: text.optional(),
    city: text.optional(),
    state: text.optional(),
    zip: text.optional(),
    county: text.optional(),
    location_source_value: text.optional(),
    country_concept_id: id,
    country_source_value: text.optional(),
    latitude: number.optional(),
    longitude: number.optional(),
  }),
  person: rows({
    person_id: id,
    gender_concept_id: id,
    year_of_birth: whole,
    month_of_birth: whole.optional(),
    day_of_birth: whole.optional(),
    birth_datetime: time.optional(),
    race_concept_id: id,
    ethnicity_concept_id: id,
    location_id: id.optional(),
    person_source_value: text.optional(),
    gender_source_value: text.optional(),
    race_source_value: text.optional(),
    ethnicity_source_value: text.optional(),
  }),
  death: rows({
    person_id: id,
    death_date: day,
    death_datetime: time.optional(),
    death_type_concept_id: id,
    cause_concept_id: id,
    cause_source_value: text.optional(),
    cause_source_concept_id: id,
  }),
  observation_period: rows({
    observation_period_id: id,
    person_id: id,
    observation_period_start_date: day,
    observation_period_end_date: day,
    period_type_concept_id: id,
  }),
  visit_occurrence: rows({
    visit_occurrence_id: id,
    person_id: id,
    visit_concept_id: id,
    visit_start_date: day,
    visit_start_datetime: time.optional(),
    visit_end_date: day,
    visit_end_datetime: time.optional(),
    visit_type_concept_id: id,
    provider_id: id.optional(),
    care_site_id: id.optional(),
    visit_source_value: text.optional(),
  }),
  condition_occurrence: rows({
    condition_occurrence_id: id,
    person_id: id,
    condition_concept_id: id,
    condition_start_date: day,
    condition_start_datetime: time.optional(),
    condition_end_date: day.optional(),
    condition_type_concept_id: id,
    visit_occurrence_id: id.optional(),
    provider_id: id.optional(),
    condition_source_value: text.optional(),
    condition_source_concept_id: id,
    condition_status_source_value: text.optional(),
  }),
  drug_exposure: rows({
    drug_exposure_id: id,
    person_id: id,
    drug_concept_id: id,
    drug_exposure_start_date: day,
    drug_exposure_start_datetime: time.optional(),
    drug_exposure_end_date: day,
    drug_type_concept_id: id,
    stop_reason: text.optional(),
    sig: text.optional(),
    visit_occurrence_id: id.optional(),
    provider_id: id.optional(),
    drug_source_value: text.optional(),
    drug_source_concept_id: id,
  }),
  procedure_occurrence: rows({
    procedure_occurrence_id: id,
    person_id: id,
    procedure_concept_id: id,
    procedure_date: day,
    procedure_datetime: time.optional(),
    procedure_type_concept_id: id,
    visit_occurrence_id: id.optional(),
    provider_id: id.optional(),
    procedure_source_value: text.optional(),
    procedure_source_concept_id: id,
  }),
  measurement: rows({
    measurement_id: id,
    person_id: id,
    measurement_concept_id: id,
    measurement_date: day,
    measurement_datetime: time.optional(),
    measurement_type_concept_id: id,
    value_as_number: number.optional(),
    operator_concept_id: id,
    value_as_concept_id: id,
    unit_concept_id: id,
    range_low: number.optional(),
    range_high: number.optional(),
    visit_occurrence_id: id.optional(),
    provider_id: id.optional(),
    measurement_source_value: text.optional(),
    measurement_source_concept_id: id,
    unit_source_value: text.optional(),
    value_source_value: text.optional(),
  }),
  observation: rows({
    observation_id: id,
    person_id: id,
    observation_concept_id: id,
    observation_date: day,
    observation_datetime: time.optional(),
    observation_type_concept_id: id,
    value_as_number: number.optional(),
    value_as_string: text.optional(),
    value_as_concept_id: id,
    unit_concept_id: id,
    visit_occurrence_id: id.optional(),
    provider_id: id.optional(),
    observation_source_value: text.optional(),
    observation_source_concept_id: id,
    unit_source_value: text.optional(),
    value_source_value: text.optional(),
  }),
} as const;

const mappingSchema = z.strictObject({
  resource_type: text,
  resource_id: text,
  omop_table: text,
  /** The row that the coding produced; all codings of one record have the same. */
  omop_id: id,
  source_system: text.optional(),
  source_code: text.optional(),
  source_name: text.optional(),
  /** The standard concept; left out where there is none. */
  target_vocabulary: text.optional(),
  target_code: text.optional(),
  target_name: text.optional(),
  /** UNCHECKED: words that are the name of one standard concept, which the row does not have until somebody confirms it. */
  mapping_status: z.enum(["ALREADY_STANDARD", "MAPPED", "UNCHECKED", "UNMAPPED"]),
  note: text.optional(),
});

/** The answer of `POST /fhir2omop/create`. */
export const fhirToOmopSchema = z.strictObject({
  success: z.boolean(),
  message: text,
  /** Tables without rows are left out. */
  tables: z.strictObject(fhirToOmopTables).partial(),
  /** One a coding, or one where a record came in words only. */
  mappings: z.array(mappingSchema),
  /** Records of supported types that left no row, and why: the reasons of docs/mapping.md. */
  dropped: z.array(z.strictObject({ resource_type: text, resource_id: text, reason: text })),
  /** The release of the vocabulary; left out where no code was resolved, or the release has no name. */
  vocab_version: text.optional(),
  /** Each record counts once, whatever codings it has. */
  summary: z.strictObject({
    codes_already_standard: whole.min(0),
    /** MAPPED and UNCHECKED. */
    codes_normalized: whole.min(0),
    codes_unmapped: whole.min(0),
    /** (normalized + unmapped) / all, from 0 to 1. */
    off_vocab_rate: number.min(0).max(1),
  }),
});

/** The answer of `POST /fhir2omop/create`. */
export type FhirToOmopAnswer = z.infer<typeof fhirToOmopSchema>;
