import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  jobFromPatientRequestSchema,
  jobResultPageSchema,
  jobResultSchema,
  jobSchema,
  type PatientHistory,
  patientHistorySchema,
} from "../../schemas/phenom.ts";

const patient = { patient_id: "p", birth_date: "2000-02-29", sex: "U", zip3: "606" };
const full: PatientHistory = {
  patient: { ...patient, sex: "U" },
  lab_results: [{ lab_date: "2024-03-31", loinc: "2160-0", value_abnormal: "H" }],
  diagnoses: [{ diagnosis_date: "2020-01-01", code: "I50.9", code_type_name: "ICD10" }],
  procedures: [{ procedure_date: "2021-01-01", code: "80146002", code_type_name: "SNOMED" }],
  medications: [{ medication_start: "2022-01-01", code: "860975", code_type: "RXNORM" }],
};

describe("a patient history", () => {
  it.each([
    ["everything", full],
    ["the patient alone", { patient }],
    ["empty and absent lists", { patient, lab_results: [], diagnoses: null }],
    ["a laboratory result without a flag", { patient, lab_results: [{ lab_date: "2024-03-31", loinc: "2160-0" }] }],
    ["a ZIP code of five digits", { patient: { ...patient, zip3: "60601" } }],
    ["an identifier of a hundred characters", { patient: { ...patient, patient_id: "x".repeat(100) } }],
  ])("may have %s", (_name, history) => {
    expect(patientHistorySchema.safeParse(history).success).toBe(true);
  });

  it.each([
    ["no patient", { diagnoses: [] }, ""],
    ["an empty identifier", { patient: { ...patient, patient_id: "" } }, "patient.patient_id"],
    ["an identifier too long", { patient: { ...patient, patient_id: "x".repeat(101) } }, "patient.patient_id"],
    ["a day that does not exist", { patient: { ...patient, birth_date: "2001-02-29" } }, "patient.birth_date"],
    ["a date with a time", { patient: { ...patient, birth_date: "2001-02-28T00:00" } }, "patient.birth_date"],
    ["another word for the sex", { patient: { ...patient, sex: "female" } }, "patient.sex"],
    ["a ZIP code too short", { patient: { ...patient, zip3: "60" } }, "patient.zip3"],
    ["a ZIP code too long", { patient: { ...patient, zip3: "60601-1" } }, "patient.zip3"],
    ["an unknown list", { patient, allergies: [] }, ""],
    ["an unknown member of the patient", { patient: { ...patient, name: "x" } }, "patient"],
    [
      "code_type_name on a medication",
      { ...full, medications: [{ medication_start: "2022-01-01", code: "1", code_type_name: "ATC" }] },
      "medications.0.code_type",
    ],
  ])("may not have %s", (_name, history, place) => {
    const checked = patientHistorySchema.safeParse(history);
    const places = checked.error?.issues.map(({ path }) => path.join("."));
    expect(checked.success).toBe(false);
    if (place) expect(places).toContain(place);
  });
});

describe("a request", () => {
  const request = { outcome_ids: ["o"], patient_history: full, idempotency_key: "k" };

  it("has outcomes, a history and a key", () => {
    expect(jobFromPatientRequestSchema.parse(request)).toEqual(request);
  });

  it.each([
    ["no outcome", { ...request, outcome_ids: [] }],
    ["no key", { outcome_ids: ["o"], patient_history: full }],
    ["an unknown member", { ...request, priority: 1 }],
  ])("is refused with %s", (_name, wrong) => {
    expect(jobFromPatientRequestSchema.safeParse(wrong).success).toBe(false);
  });
});

describe("answers", () => {
  it("may hold states and members that are not known", () => {
    const job = { job_id: "j", status: "WARMING_UP", metrics: null, region: "north" };
    expect(jobSchema.parse(job)).toEqual(job);
    expect(jobResultPageSchema.parse({ items: [], next_page_token: null })).toEqual({
      items: [],
      next_page_token: null,
    });
  });

  it("must have scores in range, and keep what else they have", () => {
    const bound = { prob_upper_95_percent_bound: 1, prob_lower_95_percent_bound: 0 };
    const relative = { relative_probability: 3, rel_upper_95_percent_bound: 6, rel_lower_95_percent_bound: 0 };
    const result = {
      patient_id: "p",
      outcome_id: "o",
      probability: 0.5,
      ...bound,
      ...relative,
      bin_id: 1,
      num_bins: 10,
    };
    expect(jobResultSchema.parse({ ...result, extra: 1 })).toEqual({ ...result, extra: 1 });
    for (const wrong of [{ probability: 1.01 }, { relative_probability: -1 }, { bin_id: 0 }, { bin_id: 1.5 }]) {
      expect(jobResultSchema.safeParse({ ...result, ...wrong }).success).toBe(false);
    }
  });
});

describe("the OpenAPI description", () => {
  const openApi = JSON.parse(readFileSync(new URL("../../schemas/phenom.openapi.json", import.meta.url), "utf8"));

  it.each([
    ["PatientHistory", patientHistorySchema],
    ["JobFromPatientRequest", jobFromPatientRequestSchema],
    ["Job", jobSchema],
    ["JobResult", jobResultSchema],
    ["JobResultPage", jobResultPageSchema],
  ])("says the same of %s as the zod schema, as far as that reads it", (name, schema) => {
    const fromZod: JsonSchema = JSON.parse(JSON.stringify(z.toJSONSchema(schema, { io: "input" })));
    const described = resolved(openApi, openApi.components.schemas[name]);
    const members = Object.entries(described.properties!).filter(([member]) => member in fromZod.properties!);
    expect(outline({ ...described, properties: Object.fromEntries(members) })).toEqual(outline(fromZod));
  });
});

interface JsonSchema {
  readonly $ref?: string;
  readonly properties?: Record<string, JsonSchema>;
  readonly required?: string[];
  readonly items?: JsonSchema;
  readonly anyOf?: JsonSchema[];
  readonly [keyword: string]: unknown;
}

/** Puts what the references name in their place. */
function resolved(document: Record<string, unknown>, schema: JsonSchema): JsonSchema {
  const target = schema.$ref
    ?.slice(2)
    .split("/")
    .reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], document);
  const { properties, items, anyOf, ...rest } = (target ?? schema) as JsonSchema;
  return {
    ...rest,
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([key, value]) => [key, resolved(document, value)]),
      ),
    }),
    ...(items && { items: resolved(document, items) }),
    ...(anyOf && { anyOf: anyOf.map((option) => resolved(document, option)) }),
  };
}

/** Names, obligations and limits of a schema and all below it, however nullability is spelled. */
function outline(schema: JsonSchema): unknown {
  const options = schema.anyOf?.filter((option) => option.type !== "null");
  if (options?.length === 1 && options[0]) return outline(options[0]);
  const { minLength, maxLength, minItems, minimum, maximum, enum: values, format } = schema;
  return {
    type: [schema.type].flat().filter((type) => type !== "null"),
    // An integer of zod is bounded by what a double can hold; that is no limit of the contract.
    limits: [minLength, maxLength, minItems, values, format, ...[minimum, maximum].map(unlessExtreme)],
    required: [...(schema.required ?? [])].sort(),
    items: schema.items && outline(schema.items),
    properties: Object.fromEntries(
      Object.entries(schema.properties ?? {}).map(([name, property]) => [name, outline(property)]),
    ),
    strict: schema.additionalProperties === false,
  };
}

function unlessExtreme(limit: unknown): unknown {
  return Math.abs(Number(limit)) === Number.MAX_SAFE_INTEGER ? undefined : limit;
}
