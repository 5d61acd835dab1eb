import { z } from "zod";

const text = z.string("must be text; put it in quotes").min(1, "is empty");

const constant = z.strictObject({ constant: text });
const column = z.strictObject({ column: text, values: z.record(text, z.string()).optional() });
const single = z.union([text, constant, column]);

const value = z.union([single, z.array(single).min(1)], {
  error:
    "must be the name of a column, { constant: text }, { column: name, values: { from: to } }, or a list of these " +
    "of which the first that is not empty counts",
});

// A URI has a colon and a column seldom has one, so that the code system of a whole file can be written as it is.
const system = value.transform((given) =>
  typeof given === "string" && given.includes(":") ? { constant: given } : given,
);

const condition = z.union([text, z.strictObject({ column: text, equals: z.union([text, z.array(text).min(1)]) })], {
  error: "must be the name of a column that is not empty, or { column: name, equals: text or a list of texts }",
});

const person = z.strictObject({
  id: value,
  birthDate: value,
  gender: value.optional(),
  race: value.optional(),
  ethnicity: value.optional(),
  deathDate: value.optional(),
  address: z
    .strictObject({
      line: value.optional(),
      line2: value.optional(),
      city: value.optional(),
      county: value.optional(),
      state: value.optional(),
      zip: value.optional(),
      country: value.optional(),
    })
    .optional(),
});

const visit = z.strictObject({
  id: value,
  person: value,
  start: value,
  end: value.optional(),
  class: value.optional(),
});

/** How a record came about, as `schemas/concept-map.csv` names it. */
export const eventTypes = [
  "EHR",
  "EHR encounter record",
  "EHR problem list",
  "EHR prescription",
  "EHR administration record",
  "Lab",
  "Patient self-report",
] as const;

const ofEveryEvent = {
  person: value,
  visit: value.optional(),
  code: value.optional(),
  system: system.optional(),
  display: value.optional(),
  start: value,
  end: value.optional(),
  type: z.enum(eventTypes).optional(),
  when: condition.optional(),
};

const event = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("condition"), ...ofEveryEvent }),
    z.strictObject({ kind: z.literal("procedure"), ...ofEveryEvent }),
    z.strictObject({
      kind: z.literal("observation"),
      ...ofEveryEvent,
      category: value.optional(),
      value: value.optional(),
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
    }),
    z.strictObject({
      kind: z.literal("vaccine"),
      ...ofEveryEvent,
      quantity: value.optional(),
      lotNumber: value.optional(),
    }),
  ])
  .refine(({ code, display }) => code ?? display, {
    path: ["code"],
    error: "is missing, and there is no display either",
  })
  .refine(({ code, system }) => code === undefined || system, {
    path: ["system"],
    error: 'is missing: a code means nothing without its system, such as "http://snomed.info/sct"',
  });

/** How the rows of one file become persons, visits or events: one of the three. */
export const csvFileMappingSchema = z
  .strictObject({ person: person.optional(), visit: visit.optional(), events: z.array(event).min(1).optional() })
  .refine((file) => Object.values(file).filter((part) => part !== undefined).length === 1, {
    error: "must have exactly one of person, visit and events",
  });

/**
 * A CSV mapping: how the rows of each file become persons, visits or events. All after that is the same for every
 * source.
 *
 * A value is the name of a column, `{ constant: text }`, `{ column: name, values: { from: to } }` (a text that is not
 * among `values` stays as it is; one that becomes `""` counts as empty), or a list of these of which the first that is not empty counts; a column of a list may
 * be absent from the file. `system` may also be a URI. Codes of gender, race, ethnicity and visit class are the keys of
 * `schemas/concept-map.csv`. Dates are ISO 8601, as far as known: `2019`, `2019-05`, `2019-05-01`, `2019-05-01T10:00:00Z`.
 */
export const csvMappingSchema = z.strictObject({
  name: text,
  files: z.record(text, csvFileMappingSchema).superRefine((files, context) => {
    if (Object.keys(files).length === 0) context.addIssue("is empty: no file is mapped");
    const owners = new Map<string, string>();
    for (const file of Object.keys(files)) {
      const table = csvTableName(file);
      const owner = owners.get(table);
      if (owner !== undefined) {
        context.addIssue({ code: "custom", path: [file], message: `would share the table ${table} with ${owner}` });
      }
      owners.set(table, file);
    }
  }),
  /** Files that are known and not mapped: their rows are counted as ignored. */
  ignored: z.array(text).default([]),
});

/** A mapping as it is written: in YAML, JSON or TypeScript. */
export type CsvMappingInput = z.input<typeof csvMappingSchema>;
/** A mapping that was found valid. */
export type CsvMapping = z.infer<typeof csvMappingSchema>;
export type CsvFileMapping = z.infer<typeof csvFileMappingSchema>;
export type CsvPerson = z.infer<typeof person>;
export type CsvVisit = z.infer<typeof visit>;
export type CsvEvent = z.infer<typeof event>;
export type CsvValue = z.infer<typeof value>;
export type CsvCondition = z.infer<typeof condition>;

/** A file name as mappings are matched: without case and without `.gz`. */
export function csvFileKey(name: string): string {
  return name.toLowerCase().replace(/\.gz$/, "");
}

/** The landing table of a file: "conditions.csv" → "csv_conditions", "Lab results.txt" → "csv_lab_results_txt". */
export function csvTableName(file: string): string {
  return `csv_${csvFileKey(file)
    .replace(/\.csv$/, "")
    .replace(/[^\p{L}\p{N}]+/gu, "_")}`;
}
