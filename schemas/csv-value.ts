import { z } from "zod";

/** Texts of a mapping that must say something. */
export const text = z.string("must be text; put it in quotes").min(1, "is empty");

const constant = z.strictObject({ constant: text });
const column = z.strictObject({
  column: text,
  values: z.record(text, z.string()).optional(),
  otherwise: z.string().optional(),
});
const expression = z.strictObject({ sql: text });
const single = z.union([text, constant, column, expression]);

/** Where the text of a field comes from. */
export const value = z
  .union([single, z.array(single).min(1)], {
    error:
      "must be the name of a column, { constant: text }, { column: name, values: { from: to }, otherwise: text }, " +
      "{ sql: expression }, or a list of these of which the first that is not empty counts",
  })
  .meta({
    id: "Value",
    description:
      "The name of a column, or alias.column of a file that is joined; a constant; a column with a map of its texts; SQL over " +
      "the columns; or a list of these of which the first that is not empty counts.",
  });

/** A code system. A URI has a colon and a column seldom has one, so that the system of a whole file can be written as it is. */
export const system = value
  .transform((given) => (typeof given === "string" && given.includes(":") ? { constant: given } : given))
  .meta({ description: "A code system: its URI, such as http://loinc.org, or where the row says it." });

const format = text.refine(
  (given) => given.includes("%") || given === "epoch seconds" || given === "epoch milliseconds",
  {
    error: 'must be a pattern such as "%m/%d/%Y", or "epoch seconds" or "epoch milliseconds"',
  },
);
const formats = z.union([format, z.array(format).min(1)], {
  error: 'must be a pattern such as "%m/%d/%Y", "epoch seconds", "epoch milliseconds", or a list of these',
});
const zone = text.refine(isZone, { error: 'must be the name of a time zone, such as "America/New_York"' });

/** How dates are written. */
export const dateStyle = z.strictObject({ format: formats.optional(), zone: zone.optional() }).meta({
  id: "DateStyle",
  description:
    "How dates are written: by a pattern of strptime or as an epoch; and the zone on whose clock times with an offset are shown.",
});

const dateColumn = z.strictObject({
  column: text,
  format: formats.optional(),
  zone: zone.optional(),
  values: z.record(text, z.string()).optional(),
  otherwise: z.string().optional(),
});
const singleDate = z.union([text, constant, dateColumn, expression]);

/** Where a date comes from. */
export const date = z
  .union([singleDate, z.array(singleDate).min(1)], {
    error:
      'must be the name of a column, { column: name, format: "%m/%d/%Y", zone: "America/New_York" }, { constant: date }, ' +
      "{ sql: expression }, or a list of these of which the first that is not empty counts",
  })
  .meta({ id: "Date", description: "A value that is a date: ISO 8601 as far as known, unless a format is given." });

const texts = z.union([text, z.array(text).min(1)]);
const test = z.union([
  text,
  z.strictObject({ empty: text }),
  z.strictObject({ column: text, equals: texts }),
  z.strictObject({ column: text, not: texts }),
  expression,
]);

/** Which rows are meant. */
export const condition = z
  .union([test, z.array(test).min(1), z.strictObject({ any: z.array(test).min(1) })], {
    error:
      "must be the name of a column that is not empty, { empty: column }, { column: name, equals: text or a list of texts }, " +
      "{ column: name, not: text or a list of texts }, { sql: expression }, a list of these of which all must hold, or " +
      "{ any: a list of these }",
  })
  .meta({ id: "Condition", description: "Which rows are meant. Of a list all must hold." });

/** Whether a time zone has this name; an offset is no name. */
export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return /^[a-z]/i.test(name);
  } catch {
    return false;
  }
}

export type CsvValue = z.infer<typeof value>;
export type CsvDate = z.infer<typeof date>;
export type CsvDateStyle = z.infer<typeof dateStyle>;
export type CsvTest = z.infer<typeof test>;
export type CsvCondition = z.infer<typeof condition>;
