import type { CsvCondition, CsvValue } from "../../schemas/csv-mapping.ts";
import { identifier, literal } from "../warehouse/sql-text.ts";

/** The columns of a landing table in lower case, because names have no case in SQL. */
export type ColumnNames = ReadonlySet<string>;

/**
 * A value of a mapping as SQL over a landing table with the alias `line`: text without blanks around it, NULL where
 * nothing is left. A column that the table does not have gives NULL.
 */
export function valueSql(value: CsvValue | undefined, columns: ColumnNames): string {
  if (value === undefined) return "null::varchar";
  const items = Array.isArray(value) ? value : [value];
  const known = items.flatMap((item) => {
    if (isConstant(item)) return [literal(item.constant)];
    const name = columnOf(item);
    if (!columns.has(name.toLowerCase())) return [];
    const column = columnSql(name);
    const values = typeof item === "string" ? {} : (item.values ?? {});
    const cases = Object.entries(values).map(
      ([from, to]) => `when ${literal(from)} then ${to === "" ? "null" : literal(to)}`,
    );
    return [cases.length === 0 ? column : `case ${column} ${cases.join(" ")} else ${column} end`];
  });
  return known.length === 0 ? "null::varchar" : `coalesce(${known.join(", ")})`;
}

/** A condition of a mapping as SQL over a landing table with the alias `line`; never NULL. */
export function conditionSql(condition: CsvCondition, columns: ColumnNames): string {
  const column = valueSql(columnOf(condition), columns);
  if (typeof condition === "string") return `${column} is not null`;
  const texts = typeof condition.equals === "string" ? [condition.equals] : condition.equals;
  return `coalesce(${column} in (${texts.map(literal).join(", ")}), false)`;
}

/** Whether a value needs no column. */
export function isConstant<Item extends object | string>(item: Item): item is Extract<Item, { constant: string }> {
  return typeof item === "object" && "constant" in item;
}

/** The column that a value or condition names. */
export function columnOf(item: string | { readonly column: string }): string {
  return typeof item === "string" ? item : item.column;
}

function columnSql(name: string): string {
  return `nullif(trim(line.${identifier(name)}), '')`;
}
