import type { CsvDate, CsvFileMapping, CsvValue } from "../../../schemas/csv-mapping.ts";
import { type ColumnLookup, dateSql, numberSql, valueSql } from "../../ingest/csv-value.ts";
import { identifier } from "../../warehouse/sql-text.ts";
import type { Shape } from "../extracts.ts";

/** One of the records that a row is: how its fields are taken, and the SQL file that gives them the shape they meet in. */
export interface PartOfRow {
  /** "person", "events[0]". */
  readonly name: string;
  readonly template: string;
  readonly shape: Shape;
  /** SQL of the id that it has of its own. */
  readonly id?: string | undefined;
  readonly fields: Readonly<Record<string, string>>;
  /** SQL of the condition on which a row is such a record. */
  readonly when: string;
  /** What else the SQL file asks for. */
  readonly sql: Readonly<Record<string, string>>;
}

/** How the dates and numbers of a file are written. */
export type Notation = Pick<CsvFileMapping, "dates" | "decimal">;

const address = ["line", "line2", "city", "county", "state", "zip", "country"];

/** What a cost is made of. */
export const amountFields = [
  ...["totalCharge", "amountAllowed", "paidByPayer", "paidByPatient", "paidPatientCopay", "paidPatientCoinsurance"],
  ...["paidPatientDeductible", "paidByPrimary", "paidIngredientCost"],
];

/** The fields that each SQL file knows. */
const known: Readonly<Record<string, readonly string[]>> = {
  person: ["id", "birthDate", "gender", "race", "ethnicity", "deathDate", "provider", "careSite", ...address],
  visit: [
    ...["id", "person", "class", "code", "system", "display", "start", "end"],
    ...["partOf", "provider", "careSite", "admittedFrom", "dischargedTo"],
  ],
  provider: ["id", "gender", "birthDate", "specialty", "specialtySystem", "specialtyName", "careSite"],
  "care-site": ["id", "name", "placeOfService", ...address, "latitude", "longitude"],
  "payer-plan": ["id", "person", "start", "end", "payer", "payerSystem", "payerName", "payerId", "plan", "family"],
  note: ["person", "visit", "provider", "start", "title", "text", "language", "code", "system", "display"],
  cost: ["id", "person", "visit", "payerPlan", "payerId", "start", "currency", ...amountFields],
  event: [
    ...[
      "id",
      "person",
      "visit",
      "provider",
      "code",
      "system",
      "display",
      "start",
      "end",
      "status",
      "stopReason",
      "category",
    ],
    ...["value", "valueSystem", "unit", "rangeLow", "rangeHigh", "quantity", "daysSupply", "refills", "sig"],
    ...["route", "routeSystem", "lotNumber", "uniqueDeviceId", "productionId", "allergyType", "qualifier"],
    ...["anatomicSite", "anatomicSiteSystem"],
  ],
};
const dateFields = new Set(["birthDate", "deathDate", "start", "end"]);
const numberFields = new Set([
  ...["value", "rangeLow", "rangeHigh", "quantity", "daysSupply", "refills", "latitude", "longitude"],
  ...amountFields,
]);

/** The SQL of all fields that an SQL file knows, under the names it knows them by: birthDate as birth_date. */
export function fieldsOf(
  template: string,
  given: Readonly<Record<string, CsvValue | CsvDate | undefined>>,
  columns: ColumnLookup,
  { dates, decimal }: Notation,
): Record<string, string> {
  const sqlOf = (name: string) => {
    if (dateFields.has(name)) return dateSql(given[name], columns, dates);
    const value = given[name] as CsvValue;
    return numberFields.has(name) ? numberSql(value, columns, decimal) : valueSql(value, columns);
  };
  return Object.fromEntries(known[template]!.map((name) => [snakeCase(name), sqlOf(name)]));
}

/** A select of fields of rows, and of which rows they are. */
export function selectFields(fields: Readonly<Record<string, string>>, from: string, when: string): string {
  const columns = Object.entries(fields).map(([name, sql]) => `,\n        ${sql} as ${identifier(name)}`);
  return `select
        line.landing_source,
        line.landing_file,
        line.landing_row${columns.join("")}
    from ${from}
    where ${when}`;
}

export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
}
