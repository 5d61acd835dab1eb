import type { CsvCondition, CsvDate, CsvDateStyle, CsvTest, CsvValue } from "../../schemas/csv-mapping.ts";
import { literal } from "../warehouse/sql-text.ts";

/** What a name of a mapping stands for: SQL, or undefined where the rows have no such column. */
export type ColumnLookup = (name: string) => string | undefined;

type Single<Values> = Exclude<Values, readonly unknown[]>;

/**
 * A value of a mapping as SQL: text without blanks around it, NULL where nothing is left. A column that the rows do not have
 * gives NULL.
 */
export function valueSql(value: CsvValue | undefined, columns: ColumnLookup): string {
  return firstOf(value, (item) => singleSql(item, columns));
}

/** The same of a number, written as the numbers of its file are. */
export function numberSql(value: CsvValue | undefined, columns: ColumnLookup, decimal: "." | "," = "."): string {
  return firstOf(value, (item) =>
    decimal === "," && typeof item === "object" && "sql" in item
      ? singleSql({ sql: `mapping.with_comma(${item.sql})` }, columns)
      : singleSql(item, columns),
  );
}

/** A date of a mapping as SQL, in ISO 8601 as far as it is known; a text that is no such date stays as it is. */
export function dateSql(date: CsvDate | undefined, columns: ColumnLookup, style: CsvDateStyle = {}): string {
  return firstOf(date, (item) => {
    const sql = singleSql(item, columns);
    if (sql === undefined || isConstant(item)) return sql;
    const own: CsvDateStyle = typeof item === "object" && "column" in item ? item : {};
    const { format = style.format, zone = style.zone } = own;
    return isoDate(sql, format === undefined ? [] : [format].flat(), zone);
  });
}

/** A condition of a mapping as SQL; never NULL. */
export function conditionSql(condition: CsvCondition | undefined, columns: ColumnLookup): string {
  if (condition === undefined) return "true";
  if (Array.isArray(condition)) return `(${condition.map((test) => testSql(test, columns)).join(" and ")})`;
  if (typeof condition === "object" && "any" in condition) {
    return `(${condition.any.map((test) => testSql(test, columns)).join(" or ")})`;
  }
  return testSql(condition, columns);
}

/** Whether a value needs no column. */
export function isConstant<Item extends object | string>(item: Item): item is Extract<Item, { constant: string }> {
  return typeof item === "object" && "constant" in item;
}

function firstOf<Item>(values: Item | readonly Item[] | undefined, sqlOf: (item: Item) => string | undefined): string {
  const items = values === undefined ? [] : ([values].flat() as Item[]);
  const known = items.map(sqlOf).filter((sql) => sql !== undefined);
  if (known.length < 2) return known[0] ?? "null::varchar";
  return `coalesce(${known.join(", ")})`;
}

function singleSql(item: Single<CsvValue> | Single<CsvDate>, columns: ColumnLookup): string | undefined {
  if (typeof item === "string") return columns(item);
  if ("constant" in item) return literal(item.constant);
  if ("sql" in item) return `nullif(trim((${item.sql})::varchar), '')`;
  const column = columns(item.column);
  if (column === undefined) return undefined;
  const cases = Object.entries(item.values ?? {}).map(([from, to]) => `when ${literal(from)} then ${textSql(to)}`);
  const otherwise =
    item.otherwise === undefined ? column : `when ${column} is not null then ${textSql(item.otherwise)}`;
  if (cases.length === 0) return item.otherwise === undefined ? column : `case ${otherwise} end`;
  if (item.otherwise === undefined) return `case ${column} ${cases.join(" ")} else ${column} end`;
  return `case ${column} ${cases.join(" ")} else case ${otherwise} end end`;
}

const textSql = (text: string) => (text === "" ? "null" : literal(text));

/** Read by its formats, the first that fits, and shown on the clock of a zone where it says when on earth it was. */
function isoDate(sql: string, formats: readonly string[], zone: string | undefined): string {
  if (formats.length === 0) return zone === undefined ? sql : `mapping.on_clock_of(${sql}, ${literal(zone)})`;
  const place = literal(zone ?? "UTC");
  const read = formats.map((format) => {
    if (format === "epoch seconds") return `mapping.from_epoch(try_cast(${sql} as double), ${place})`;
    if (format === "epoch milliseconds") return `mapping.from_epoch(try_cast(${sql} as double) / 1000, ${place})`;
    const parsed = `try_strptime(${sql}, ${literal(format)})`;
    const local = format.includes("%z") || format.includes("%Z") ? `timezone(${place}, ${parsed})` : parsed;
    return `mapping.as_iso(${local}, ${literal(isoFormatFor(format))})`;
  });
  return `coalesce(${[...read, sql].join(", ")})`;
}

/** As much of ISO 8601 as dates of a format say. */
function isoFormatFor(format: string): string {
  const says = (letters: string) => new RegExp(`%-?[${letters}]`).test(format);
  if (says("HIcXT")) return "%Y-%m-%dT%H:%M:%S";
  if (says("djxDF")) return "%Y-%m-%d";
  return says("mbB") ? "%Y-%m" : "%Y";
}

function testSql(test: CsvTest, columns: ColumnLookup): string {
  if (typeof test === "string") return `${columnOrNull(test, columns)} is not null`;
  if ("empty" in test) return `${columnOrNull(test.empty, columns)} is null`;
  if ("sql" in test) return `coalesce((${test.sql})::boolean, false)`;
  const column = columnOrNull(test.column, columns);
  const among = (texts: string | readonly string[]) =>
    `coalesce(${column} in (${[texts]
      .flat()
      .map((text) => literal(text as string))
      .join(", ")}), false)`;
  return "equals" in test ? among(test.equals) : `not ${among(test.not)}`;
}

const columnOrNull = (name: string, columns: ColumnLookup) => columns(name) ?? "null::varchar";
