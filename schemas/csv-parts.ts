import { z } from "zod";
import { condition, date, system, text, value } from "./csv-value.ts";

const address = z.strictObject({
  line: value.optional(),
  line2: value.optional(),
  city: value.optional(),
  county: value.optional(),
  state: value.optional(),
  zip: value.optional(),
  country: value.optional(),
});

const when = condition.optional();

export const person = z.strictObject({
  id: value,
  birthDate: date,
  gender: value.optional(),
  race: value.optional(),
  ethnicity: value.optional(),
  deathDate: date.optional(),
  provider: value.optional(),
  careSite: value.optional(),
  address: address.optional(),
  when,
});

/** `code` says more than `class` where its concept is a visit; `partOf` names the visit of which this is a part. */
export const visit = z.strictObject({
  id: value,
  person: value,
  start: date,
  end: date.optional(),
  class: value.optional(),
  code: value.optional(),
  system: system.optional(),
  display: value.optional(),
  partOf: value.optional(),
  provider: value.optional(),
  careSite: value.optional(),
  admittedFrom: value.optional(),
  dischargedTo: value.optional(),
  when,
});

export const provider = z.strictObject({
  id: value,
  gender: value.optional(),
  birthDate: date.optional(),
  specialty: value.optional(),
  specialtySystem: system.optional(),
  specialtyName: value.optional(),
  careSite: value.optional(),
  when,
});

export const careSite = z.strictObject({
  id: value,
  name: value.optional(),
  placeOfService: value.optional(),
  address: address.extend({ latitude: value.optional(), longitude: value.optional() }).optional(),
  when,
});

/** An insurance period. `payer` is a code of `payerSystem`; without `id` each row is one. */
export const payerPlan = z.strictObject({
  id: value.optional(),
  person: value,
  start: date,
  end: date.optional(),
  payer: value.optional(),
  payerSystem: system.optional(),
  payerName: value.optional(),
  plan: value.optional(),
  family: value.optional(),
  when,
});

/** How a record came about, as `schemas/concept-map.csv` names it. */
export const eventTypes = [
  "EHR",
  "EHR encounter record",
  "EHR problem list",
  "EHR prescription",
  "EHR administration record",
  "EHR dispensing record",
  "EHR medication list",
  "Lab",
  "Patient self-report",
  "Survey",
  "Claim",
  "Pharmacy claim",
] as const;

export const noteTypes = [
  "EHR",
  "EHR radiology report",
  "EHR pathology report",
  "EHR discharge summary",
  "EHR outpatient note",
  "EHR inpatient note",
  "EHR emergency room note",
] as const;

export const note = z.strictObject({
  person: value,
  visit: value.optional(),
  provider: value.optional(),
  start: date,
  title: value.optional(),
  text: value,
  language: value.optional(),
  code: value.optional(),
  system: system.optional(),
  display: value.optional(),
  type: z.enum(noteTypes).optional(),
  when,
});

/**
 * What something cost: the visit that `visit` names, else the event, visit or plan of the same row. Amounts are numbers;
 * `currency` is a code such as USD.
 */
export const cost = z.strictObject({
  person: value,
  visit: value.optional(),
  payerPlan: value.optional(),
  currency: value.optional(),
  totalCharge: value.optional(),
  amountAllowed: value.optional(),
  paidByPayer: value.optional(),
  paidByPatient: value.optional(),
  paidPatientCopay: value.optional(),
  paidPatientCoinsurance: value.optional(),
  paidPatientDeductible: value.optional(),
  paidByPrimary: value.optional(),
  paidIngredientCost: value.optional(),
  when,
});

/** What is said of one column of several: texts, not columns. */
const measure = z.strictObject({
  code: text.optional(),
  system: text.optional(),
  display: text.optional(),
  category: text.optional(),
  unit: text.optional(),
  rangeLow: text.optional(),
  rangeHigh: text.optional(),
});

/** One event for each of these columns that is not empty; the column is the event's value, or its code. */
const unpivot = z.strictObject({
  into: z.enum(["value", "code"]).optional(),
  columns: z.union([z.array(text).min(1), z.record(text, measure)], {
    error: "must be a list of columns, or { column: { code: text, unit: text } }",
  }),
});

const ofEveryEvent = {
  person: value,
  visit: value.optional(),
  provider: value.optional(),
  code: value.optional(),
  system: system.optional(),
  display: value.optional(),
  start: date,
  end: date.optional(),
  type: z.enum(eventTypes).optional(),
  unpivot: unpivot.optional(),
  when,
};

export const event = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("condition"), ...ofEveryEvent, status: value.optional() }),
    z.strictObject({ kind: z.literal("procedure"), ...ofEveryEvent, quantity: value.optional() }),
    z.strictObject({
      kind: z.literal("observation"),
      ...ofEveryEvent,
      category: value.optional(),
      value: value.optional(),
      valueSystem: system.optional(),
      unit: value.optional(),
      rangeLow: value.optional(),
      rangeHigh: value.optional(),
    }),
    z.strictObject({
      kind: z.literal("drug"),
      ...ofEveryEvent,
      quantity: value.optional(),
      daysSupply: value.optional(),
      refills: value.optional(),
      sig: value.optional(),
      route: value.optional(),
      routeSystem: system.optional(),
      stopReason: value.optional(),
    }),
    z.strictObject({
      kind: z.literal("vaccine"),
      ...ofEveryEvent,
      quantity: value.optional(),
      lotNumber: value.optional(),
    }),
    z.strictObject({
      kind: z.literal("device"),
      ...ofEveryEvent,
      quantity: value.optional(),
      uniqueDeviceId: value.optional(),
      productionId: value.optional(),
    }),
    z.strictObject({
      kind: z.literal("allergy"),
      ...ofEveryEvent,
      allergyType: value.optional(),
      category: value.optional(),
      qualifier: value.optional(),
    }),
    z.strictObject({
      kind: z.literal("specimen"),
      ...ofEveryEvent,
      quantity: value.optional(),
      unit: value.optional(),
      anatomicSite: value.optional(),
      anatomicSiteSystem: system.optional(),
    }),
  ])
  .refine(({ code, display, unpivot }) => code ?? display ?? unpivot, {
    path: ["code"],
    error: "is missing, and there is no display either",
  })
  .refine(({ code, system, unpivot }) => system || (code === undefined && !unpivotsCodes(unpivot)), {
    path: ["system"],
    error: 'is missing: a code means nothing without its system, such as "http://snomed.info/sct"',
  });

/** Whether columns have codes without a system of their own. */
function unpivotsCodes(unpivoted: z.infer<typeof unpivot> | undefined): boolean {
  if (unpivoted === undefined) return false;
  const said = Array.isArray(unpivoted.columns)
    ? unpivoted.columns.map(() => undefined)
    : Object.values(unpivoted.columns);
  return said.some((each) => (unpivoted.into === "code" || each?.code !== undefined) && each?.system === undefined);
}

export type CsvPerson = z.infer<typeof person>;
export type CsvVisit = z.infer<typeof visit>;
export type CsvProvider = z.infer<typeof provider>;
export type CsvCareSite = z.infer<typeof careSite>;
export type CsvPayerPlan = z.infer<typeof payerPlan>;
export type CsvNote = z.infer<typeof note>;
export type CsvCost = z.infer<typeof cost>;
export type CsvEvent = z.infer<typeof event>;
