import {
  DuckDBArrayValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from "@duckdb/node-api";

/** A value as plain JavaScript. */
export type Value = null | boolean | number | bigint | string | Value[] | { [key: string]: Value };

/** A row as plain JavaScript, by column name. */
export type Row = Record<string, Value>;

/**
 * A DuckDB value as plain JavaScript: whole numbers as `number` where they are exact (below 2^53) and `bigint` beyond,
 * dates as `YYYY-MM-DD`, timestamps as `YYYY-MM-DDTHH:MM:SS[.ffffff]`, decimals as `number`, lists and structs as such,
 * anything else as DuckDB writes it.
 */
export function toPlain(value: DuckDBValue): Value {
  if (value === null || value === undefined) return null;
  if (typeof value === "bigint") {
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }
  if (typeof value !== "object") return value;
  if (value instanceof DuckDBDateValue) return infinities.get(value.days) ?? value.toString();
  if (timestampValues.some((kind) => value instanceof kind)) return value.toString().replace(" ", "T");
  if (value instanceof DuckDBDecimalValue) return value.toDouble();
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(toPlain);
  if (value instanceof DuckDBStructValue) return plainObject(Object.entries(value.entries));
  if (value instanceof DuckDBMapValue) {
    return plainObject(value.entries.map(({ key, value: item }) => [String(key), item] as const));
  }
  return String(value);
}

/** The client counts them as days. */
const infinities: ReadonlyMap<number, string> = new Map([
  [DuckDBDateValue.PosInf.days, "infinity"],
  [DuckDBDateValue.NegInf.days, "-infinity"],
]);

const timestampValues = [
  DuckDBTimestampValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
] as const;

function plainObject(entries: readonly (readonly [string, DuckDBValue])[]): Row {
  return Object.fromEntries(entries.map(([key, item]) => [key, toPlain(item)]));
}
