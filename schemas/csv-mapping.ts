import { z } from "zod";
import { cdmTables } from "./cdm.ts";
import { careSite, cost, event, note, payerPlan, person, provider, visit } from "./csv-parts.ts";
import { condition, dateStyle, text } from "./csv-value.ts";

export * from "./csv-parts.ts";
export type * from "./csv-value.ts";

/** Encodings beside UTF-8, which is told by its bytes, as UTF-16 is by its byte order mark. */
export const csvEncodings = ["utf-8", "utf-16le", "utf-16be", "windows-1252", "latin-1"] as const;

const alias = text.regex(/^(?!line$)[a-z_]\w*$/i, 'must be a word of letters, digits and "_", other than "line"');

const join = z.strictObject({
  /** The file as the mapping names it. */
  file: text,
  /** Column of this file: column of the other. */
  on: z.record(text, text).refine((keys) => Object.keys(keys).length > 0, "is empty"),
});

const cdmTableName = z.enum(cdmTables.filter(({ group }) => group === "cdm").map(({ table }) => table));

/** What stands before the decimals of numbers: a point where nothing is said. With a comma, points stand between thousands. */
const decimal = z.enum([".", ","]).optional();

/** How the rows of one file become records: any of these, each row all of them. A file of none is there to be joined. */
export const csvFileMappingSchema = z.strictObject({
  delimiter: z
    .string()
    .regex(/^[ -~\t]$/, "must be one character of ASCII")
    .optional(),
  encoding: z.enum(csvEncodings).optional(),
  /** How its dates are written: `{ format: "%m/%d/%Y", zone: "America/New_York" }`. */
  dates: dateStyle.optional(),
  decimal,
  /** Rows of other files whose columns values may name as `alias.column`. */
  join: z.record(alias, join).optional(),
  /** The rows that count; others are dropped as NO_EVENT. */
  when: condition.optional(),
  /** Of the rows that become nothing those that are no loss, because what they tell of comes from another file. */
  reference: condition.optional(),
  person: person.optional(),
  visit: visit.optional(),
  provider: provider.optional(),
  careSite: careSite.optional(),
  payerPlan: payerPlan.optional(),
  events: z.array(event).min(1).optional(),
  notes: z.array(note).min(1).optional(),
  costs: z.array(cost).min(1).optional(),
  /** The file is this table of a CDM made elsewhere, with its columns: its rows are checked and taken as they are. */
  cdm: cdmTableName.optional(),
});

/**
 * A CSV mapping: how the rows of each file become persons, visits, events, providers, care sites, payer plans, notes and
 * costs. All after that is the same for every source. docs/csv.md teaches it.
 *
 * A file is named as it is or by a pattern with `*` and `?`. A value is the name of a column (or `alias.column` of a file
 * that is joined), `{ constant: text }`, `{ column: name, values: { from: to }, otherwise: text }` (without `otherwise` a text
 * that is not among `values` stays as it is; one that becomes `""` counts as empty), `{ sql: expression }` over the columns,
 * or a list of these of which the first that is not empty counts; a column of a list may be absent from the file. `system`
 * may also be a URI. Codes of gender, race, ethnicity, visit class, and where visits come from and lead to are the keys of
 * `schemas/concept-map.csv`. Dates are ISO 8601, as far as known (`2019`, `2019-05`, `2019-05-01`, `2019-05-01T10:00:00Z`),
 * unless `dates` or their column say otherwise; numbers have a decimal point, unless `decimal` is a comma.
 */
export const csvMappingSchema = z
  .strictObject({
    name: text,
    /** How dates are written in files that do not say so themselves. */
    dates: dateStyle.optional(),
    /** The same of numbers. */
    decimal,
    files: z.record(text, csvFileMappingSchema),
    /** Files that are known and not mapped, by name or pattern: their rows are counted as ignored. */
    ignored: z.array(text).default([]),
  })
  .superRefine(({ files }, context) => {
    const problem = (path: string[], message: string) =>
      context.addIssue({ code: "custom", path: ["files", ...path], message });
    if (Object.keys(files).length === 0) problem([], "is empty: no file is mapped");
    const owners = new Map<string, string>();
    const joined = new Set(
      Object.values(files).flatMap((file) => Object.values(file.join ?? {}).map((each) => each.file)),
    );
    for (const [name, file] of Object.entries(files)) {
      const table = csvTableName(name);
      const owner = owners.get(table);
      if (owner !== undefined) problem([name], `would share the table ${table} with ${owner}`);
      owners.set(table, name);
      if (file.cdm !== undefined) {
        const others = [
          ...partsOf(file),
          ...(["join", "when", "reference"] as const).filter((key) => file[key] !== undefined),
        ];
        if (others.length > 0) problem([name, "cdm"], `stands alone, without ${others.join(", ")}`);
      } else if (partsOf(file).length === 0 && !joined.has(name)) {
        problem([name], `must have at least one of ${csvParts.join(", ")}, cdm, or be joined by another file`);
      }
      for (const [key, each] of Object.entries(file.join ?? {})) {
        if (files[each.file] === undefined) problem([name, "join", key, "file"], `${each.file} is not among the files`);
      }
      for (const [i, { of = [] }] of (file.costs ?? []).entries()) {
        const unknown = of.filter((key) => file.join?.[key] === undefined);
        if (unknown.length > 0) problem([name, "costs", String(i), "of"], `${unknown.join(", ")} is not joined`);
      }
    }
  });

/** What the rows of a file may be. */
export const csvParts = ["person", "visit", "provider", "careSite", "payerPlan", "events", "notes", "costs"] as const;
export type CsvPart = (typeof csvParts)[number];

/** A mapping as it is written: in YAML, JSON or TypeScript. */
export type CsvMappingInput = z.input<typeof csvMappingSchema>;
/** A mapping that was found valid. */
export type CsvMapping = z.infer<typeof csvMappingSchema>;
export type CsvFileMapping = z.infer<typeof csvFileMappingSchema>;

/** What the rows of a file are. */
export function partsOf(file: CsvFileMapping): CsvPart[] {
  return csvParts.filter((part) => file[part] !== undefined);
}

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

/** Whether a file name is the one, or fits the pattern, that a mapping gives. */
export function csvNameFits(name: string, nameOrPattern: string): boolean {
  const pattern = csvFileKey(nameOrPattern)
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${pattern}$`, "su").test(csvFileKey(name));
}
