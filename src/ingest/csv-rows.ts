import type { CsvFileMapping } from "../../schemas/csv-mapping.ts";
import { identifier, literal } from "../warehouse/sql-text.ts";
import type { ColumnLookup } from "./csv-value.ts";

/** A landing table of CSV rows, and the columns of its files. */
export interface CsvTable {
  /** With its schema: `landing."csv_conditions"`. */
  readonly table: string;
  readonly columns: readonly string[];
}

/** The rows of one file of a mapping, as values are taken from them. */
export interface CsvRows {
  /** A FROM clause: `line`, and the rows that were joined to it by their aliases. Columns are trimmed, and NULL where empty. */
  readonly from: string;
  readonly columns: ColumnLookup;
}

/** `tableOf` gives the tables of the files that have landed from one source. */
export function csvRows(
  file: string,
  mapping: CsvFileMapping,
  source: string,
  tableOf: (file: string) => CsvTable | undefined,
): CsvRows {
  const own = tableOf(file);
  if (own === undefined) throw new Error(`${file} has no landing table`);
  const joins = Object.entries(mapping.join ?? {}).flatMap(([alias, { file: other, on }]) => {
    const table = tableOf(other);
    return table === undefined ? [] : [{ alias, table, on: Object.entries(on) }];
  });
  const lookups = new Map(joins.map(({ alias, table }) => [alias.toLowerCase(), lookupIn(alias, table.columns)]));
  const line = lookupIn("line", own.columns);
  const columns: ColumnLookup = (name) => {
    const [, alias = "", column = ""] = /^(\w+)\.(.+)$/s.exec(name) ?? [];
    return mapping.join !== undefined && Object.hasOwn(mapping.join, alias)
      ? lookups.get(alias.toLowerCase())?.(column)
      : line(name);
  };
  const from = joins.map(({ alias, table, on }) => {
    const keys = on.map(([, theirs]) => lookupIn("line", table.columns)(theirs) ?? "null::varchar");
    const pairs = on.map(
      ([ours, theirs]) => `${line(ours) ?? "null"} = ${lookups.get(alias.toLowerCase())!(theirs) ?? "null"}`,
    );
    return `left join (
      from ${rowsOf(table, source)} line
      where landing_row in (select min(landing_row) from ${rowsOf(table, source)} line group by ${keys.join(", ")})
    ) ${identifier(alias)} on ${pairs.join(" and ")}`;
  });
  return { from: [`${rowsOf(own, source)} line`, ...from].join("\n    "), columns };
}

/** In SQL names have no case. */
function lookupIn(alias: string, columns: readonly string[]): ColumnLookup {
  const names = new Map(columns.map((name) => [name.toLowerCase(), `${identifier(alias)}.${identifier(name)}`]));
  return (name) => names.get(name.toLowerCase());
}

function rowsOf({ table, columns }: CsvTable, source: string): string {
  const trimmed = columns.map((name) => `, nullif(trim(${identifier(name)}), '') as ${identifier(name)}`);
  return `(
        select rowid as landing_place, landing_source, landing_file, landing_row${trimmed.join("")}
        from ${table}
        where landing_source = ${literal(source)}
    )`;
}
