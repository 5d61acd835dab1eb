import type { CdmColumn } from "../../schemas/cdm.ts";
import { identifier, literalList } from "../warehouse/sql-text.ts";

/** How dates are written in a file. */
export interface DateStyle {
  /** For messages: "yyyymmdd or yyyy-mm-dd". */
  readonly name: string;
  /** SQL that makes a date of a text; NULL where the text is none. */
  readonly parse: (text: string) => string;
}

/** Spreadsheets count days from here; what they take for 29 February 1900 lies before any date of a vocabulary. */
const spreadsheetStart = "date '1899-12-30'";

const withSlashes = (name: string, format: string): DateStyle => ({
  name: `${name} or the day number of a spreadsheet`,
  parse: (text) =>
    `case when ${text} like '%/____' then try_strptime(${text}, '${format}')::date
      when length(${text}) <= 5 then ${spreadsheetStart} + try_cast(${text} as integer) end`,
});

/** The styles that are known. Of several that fit a file the first is taken: `01/02/2002` alone is read as 1 February. */
export const dateStyles: readonly [DateStyle, ...DateStyle[]] = [
  {
    name: "yyyymmdd or yyyy-mm-dd",
    parse: (text) =>
      `case when length(${text}) = 8 then try_strptime(${text}, '%Y%m%d')::date
        else try_strptime(${text}[1:10], '%Y-%m-%d')::date end`,
  },
  withSlashes("dd/mm/yyyy", "%d/%m/%Y"),
  withSlashes("mm/dd/yyyy", "%m/%d/%Y"),
];

/** What a value must be, for messages; undefined where any text will do. */
export function expectation({ type }: CdmColumn, dates: DateStyle): string | undefined {
  if (type === "date") return `a date written ${dates.name}, as in the first rows`;
  if (type === "integer") return "a whole number";
  return type === "numeric" ? "a number" : undefined;
}

/**
 * The value of a column, read from text: NULL where it is missing, and where it cannot be read. `NA`, `NULL` and `\N` are no
 * value where only a number or a flag (D, U, S, C) can stand; anywhere else they are text like any other. A missing concept
 * that only describes a row (its language, its own concept in the vocabulary) is 0.
 */
export function valueSql(column: CdmColumn, dates: DateStyle): string {
  const name = identifier(column.name);
  switch (column.type) {
    case "date":
      return dates.parse(`trim(${name})`);
    case "integer":
      if (describing.has(column.name))
        return `case when ${isMissing(name)} then 0 else try_cast(${name} as bigint) end`;
      return `try_cast(${name} as bigint)`;
    case "numeric":
      return `try_cast(${name} as double)`;
    default:
      // An empty text is NULL in an optional column; a required one (an empty concept name) keeps it.
      if (column.required) return `coalesce(${name}, '')`;
      return column.type === "varchar(1)" ? `case when not ${isMissing(name)} then trim(${name}) end` : name;
  }
}

/** Whether a value stands in the way: one that is there and cannot be read, or is required and missing. */
export function isBroken(column: CdmColumn, dates: DateStyle): string {
  const unread = `(${valueSql(column, dates)}) is null`;
  return column.required ? unread : `(${unread} and not ${isMissing(identifier(column.name))})`;
}

const describing = new Set([
  "language_concept_id",
  "vocabulary_concept_id",
  "domain_concept_id",
  "concept_class_concept_id",
  "relationship_concept_id",
  "source_concept_id",
]);

const missingTexts = literalList(["", "NA", "NULL", "\\N"]);

const isMissing = (text: string) => `(${text} is null or list_contains(${missingTexts}, trim(${text})))`;
