import { z } from "zod";
import { condition, date, system, text, value } from "./csv-value.ts";

export * from "./csv-event.ts";

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

/** An insurance period. `payer` is a code of `payerSystem`, `payerId` what costs call it; without `id` each row is one. */
export const payerPlan = z.strictObject({
  id: value.optional(),
  person: value,
  start: date,
  end: date.optional(),
  payer: value.optional(),
  payerSystem: system.optional(),
  payerName: value.optional(),
  payerId: value.optional(),
  plan: value.optional(),
  family: value.optional(),
  when,
});

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
 * What something cost: the event in the first of the joined files `of` that has a row, else the visit that `visit` names, else
 * the event or visit of the same row. What names no `payerPlan` was paid by the period of its person with the same `payerId` that
 * holds the day `start`. Amounts are numbers; `currency` is a code such as USD. Rows with the same `id` are one
 * cost, whose amounts are theirs added up.
 */
export const cost = z.strictObject({
  id: value.optional(),
  of: z.array(text).min(1).optional(),
  person: value,
  visit: value.optional(),
  payerPlan: value.optional(),
  payerId: value.optional(),
  start: date.optional(),
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

export type CsvPerson = z.infer<typeof person>;
export type CsvVisit = z.infer<typeof visit>;
export type CsvProvider = z.infer<typeof provider>;
export type CsvCareSite = z.infer<typeof careSite>;
export type CsvPayerPlan = z.infer<typeof payerPlan>;
export type CsvNote = z.infer<typeof note>;
export type CsvCost = z.infer<typeof cost>;
