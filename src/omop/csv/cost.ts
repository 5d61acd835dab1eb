import type { CsvFileMapping } from "../../../schemas/csv-mapping.ts";
import { type ColumnLookup, conditionSql, valueSql } from "../../ingest/csv-value.ts";
import { identifier, literal } from "../../warehouse/sql-text.ts";
import { amountFields, fieldsOf, type PartOfRow, snakeCase } from "./part-of-row.ts";

const amounts = amountFields.map(snakeCase);

/** Which files of a source have a place in costs. */
export interface FilesOfCosts {
  /** The file that the rows are of. */
  readonly own: string;
  readonly visits: readonly string[];
  readonly landed: readonly string[];
}

/** The costs of a row: none where no amount is given, unless it is one of several rows of a cost. */
export function costParts(mapping: CsvFileMapping, columns: ColumnLookup, files: FilesOfCosts): PartOfRow[] {
  const { visit: ofRow } = mapping;
  return (mapping.costs ?? []).map(({ when, of, ...cost }, i) => {
    const fields = fieldsOf("cost", cost, columns, mapping);
    const given = amounts.map((amount) => fields[amount]).filter((sql) => sql !== "null::varchar");
    const visit = valueSql(cost.visit ?? ofRow?.id, columns);
    const hasAmount = `coalesce(${["null", ...given].join(", ")}) is not null`;
    return {
      name: `costs[${i}]`,
      template: "cost",
      shape: "cost",
      id: cost.id === undefined ? undefined : fields.id,
      fields: { ...fields, charged: `[${chargedFor(mapping, i, visit, files).join(", ")}]::varchar[]` },
      when: cost.id === undefined ? `${conditionSql(when, columns)} and ${hasAmount}` : conditionSql(when, columns),
      sql: { part: String(i) },
    };
  });
}

/** The names of what may have been charged for, as SQL; the first that has a row counts. */
function chargedFor(mapping: CsvFileMapping, i: number, visit: string, files: FilesOfCosts): string[] {
  const { of = [], visit: named } = mapping.costs![i]!;
  const joined = of
    .map((alias) => ({ alias, file: mapping.join![alias]!.file }))
    .filter(({ file }) => files.landed.includes(file))
    .map(({ alias, file }) => `${literal(`${file}/`)} || ${identifier(alias)}.landing_row`);
  if (named) return [...joined, ...[...files.visits, "Encounter"].map((type) => `${literal(`${type}/`)} || ${visit}`)];
  return [
    ...joined,
    ...((mapping.events ?? []).length > 0 ? [`${literal(`${files.own}/`)} || line.landing_row`] : []),
    ...(mapping.visit ? [`${literal(`${files.own}/`)} || ${visit}`] : []),
  ];
}
