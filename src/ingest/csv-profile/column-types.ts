import { literal } from "../../warehouse/sql-text.ts";
import { nameKey } from "./column-roles.ts";

/** How much a column holds: one row of `columns.sql`. */
export interface CountedColumn {
  readonly name: string;
  readonly filled: number;
  readonly distinct: number;
  readonly longest: number;
  readonly least: number | null;
  readonly greatest: number | null;
}

/** What its values look like: one row of `looks.sql`. */
export interface ColumnLooks {
  readonly name: string;
  /** The values that were looked at. */
  readonly seen: number;
  readonly integers: number;
  readonly decimals: number;
  readonly decimal_commas: number;
  readonly leading_zeros: number;
  readonly booleans: number;
  readonly uuids: number;
  readonly partial_dates: number;
  readonly times: number;
  readonly time_format: string | null;
  readonly dates: readonly {
    readonly format: string;
    readonly fits: number;
    readonly first_year: number | null;
    readonly last_year: number | null;
  }[];
  readonly shapes: readonly { readonly vocabulary: string; readonly fits: number }[];
}

/** What the values of a column are. */
export type CsvColumnType =
  | "empty"
  | "uuid"
  | "boolean"
  | "date"
  | "datetime"
  | "integer"
  | "decimal"
  | "code"
  | "text";

/** A guess, and how many of the values are not of that type. */
export interface GuessedType {
  readonly type: CsvColumnType;
  readonly exceptions: number;
  /** How dates are written, in the words of strptime; several where days and months cannot be told apart. */
  readonly dateFormats: readonly string[];
  /** Whether numbers are written with a decimal comma. */
  readonly decimalComma?: true;
}

const isoDate = "%Y-%m-%d";
export const yearFormat = "%Y";
const partial = ["%Y-%m", yearFormat];
const namedLikeDate = /date|datum|jahr|fecha|year|yob|birth|dob|onset|start|stop|end$/;

/** How a day may be written. */
export const dateFormats = [
  isoDate,
  ...["%Y/%m/%d", "%Y%m%d"],
  ...["%m/%d/%Y", "%d/%m/%Y", "%m-%d-%Y", "%d-%m-%Y", "%d.%m.%Y", "%m/%d/%y", "%d/%m/%y", "%d.%m.%y"],
  ...["%d-%b-%Y", "%d%b%Y"],
];

/** The part `dates` of `looks.sql`. */
export const dateCounts: string = dateFormats
  .map((format) => {
    const day = `try_strptime(day_text, ${literal(format)})`;
    return `{
        'format': ${literal(format)}, 'fits': coalesce(sum(rows) filter (${day} is not null), 0), 'first_year': min(year(${day})), 'last_year': max(year(${day}))
    }`;
  })
  .join(",\n    ");

/** A type is guessed where no more than this share of the values is of another. */
const tolerated = 0.02;

/** The type of a column from what was counted. Digits that begin with zero are no number: they are a code. */
export function guessType(column: ColumnLooks): GuessedType {
  const { seen } = column;
  const guess = (type: CsvColumnType, fits: number, formats: readonly string[] = []): GuessedType => ({
    type,
    exceptions: seen - fits,
    dateFormats: formats,
  });
  const enough = (fits: number) => fits > 0 && seen - fits <= seen * tolerated;
  if (enough(column.uuids)) return guess("uuid", column.uuids);
  const dates = column.dates.filter(isLikely).filter(({ fits }) => enough(fits));
  const best = Math.max(...dates.map(({ fits }) => fits));
  const formats = dates.filter(({ fits }) => fits === best).map(({ format }) => format);
  if (formats.length > 0) return guess(column.times > 0 ? "datetime" : "date", best, formats);
  if (namedLikeDate.test(nameKey(column.name)) && column.partial_dates > 0) {
    const [whole = 0] = column.dates.filter(({ format }) => format === isoDate).map(({ fits }) => fits);
    const fits = column.partial_dates + whole;
    if (enough(fits)) return guess("date", fits, whole > 0 ? [isoDate, ...partial] : partial);
  }
  if (enough(column.booleans)) return guess("boolean", column.booleans);
  if (column.leading_zeros === 0 && enough(column.integers)) return guess("integer", column.integers);
  if (column.leading_zeros === 0 && enough(column.decimals)) return guess("decimal", column.decimals);
  const withCommas = column.integers + column.decimal_commas;
  if (column.leading_zeros === 0 && column.decimal_commas > 0 && enough(withCommas)) {
    return { ...guess("decimal", withCommas), decimalComma: true };
  }
  return guess("text", seen);
}

/** Digits that could be a day but for their year are none. */
function isLikely({ first_year, last_year }: ColumnLooks["dates"][number]): boolean {
  return first_year !== null && last_year !== null && first_year >= 1850 && last_year <= 2200;
}
