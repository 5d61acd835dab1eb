import { z } from "zod";
import { condition, date, system, text, value } from "./csv-value.ts";

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

/** Rows with the same `id` are one event; without, each row is one. */
const ofEveryEvent = {
  id: value.optional(),
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
  when: condition.optional(),
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
  })
  .refine((each) => !("value" in each && each.value && each.unpivot && each.unpivot.into !== "code"), {
    path: ["value"],
    error: "is what the columns of unpivot hold; leave it out",
  });

/** Whether columns have codes without a system of their own. */
function unpivotsCodes(unpivoted: z.infer<typeof unpivot> | undefined): boolean {
  if (unpivoted === undefined) return false;
  const said = Array.isArray(unpivoted.columns)
    ? unpivoted.columns.map(() => undefined)
    : Object.values(unpivoted.columns);
  return said.some((each) => (unpivoted.into === "code" || each?.code !== undefined) && each?.system === undefined);
}

export type CsvEvent = z.infer<typeof event>;
