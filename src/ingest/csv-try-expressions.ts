import {
  type CsvCondition,
  type CsvFileMapping,
  type CsvMapping,
  type CsvValue,
  csvParts,
} from "../../schemas/csv-mapping.ts";
import { messageOf } from "../pipeline/errors.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { expressionsIn } from "./csv-expressions.ts";
import { doesNotFit, type MappingProblem } from "./csv-mapping.ts";
import { csvRows } from "./csv-rows.ts";
import { mappedCsvTables } from "./csv-tables.ts";
import { type ColumnLookup, conditionSql, valueSql } from "./csv-value.ts";

/** What a mapping says with SQL in one place, and of which rows. */
interface Trial {
  readonly path: MappingProblem["path"];
  readonly sql: string;
  readonly when: string;
}

/**
 * Runs what the mappings of files say in SQL over the rows that have landed. Throws CSV_MAPPING_INVALID with the place of what
 * fails on a row: mapping would fail on it too, and does not know where the mapping file says it.
 */
export async function tryExpressions(
  landed: ReadonlySet<string>,
  mapping: CsvMapping,
  { warehouse, source }: { readonly warehouse: Warehouse; readonly source: string },
): Promise<void> {
  const tables = (await mappedCsvTables(warehouse)).get(source) ?? [];
  const tableOf = (name: string) => tables.find(({ file }) => file === name);
  for (const [name, file] of Object.entries(mapping.files)) {
    const files = [name, ...Object.values(file.join ?? {}).map((joined) => joined.file)];
    if (tableOf(name) === undefined || !files.some((each) => landed.has(each))) continue;
    const { from, columns } = csvRows(name, file, source, tableOf);
    for (const { path, sql, when } of trialsOf(file, columns)) {
      await warehouse.row(`select count(${sql}) as found from ${from} where ${when}`).catch((error: unknown) => {
        const message = `fails on a row: ${messageOf(error).replace(/\n.*/s, "")}. try(…) and try_cast(…) give NULL there.`;
        throw doesNotFit(mapping, [{ path: ["files", name, ...path], message }]);
      });
    }
  }
}

function trialsOf(file: CsvFileMapping, columns: ColumnLookup): Trial[] {
  const ofFile = conditionSql(file.when, columns);
  const parts = csvParts.flatMap((name) =>
    [file[name] ?? []].flat().map((part, i) => ({ path: Array.isArray(file[name]) ? [name, i] : [name], part })),
  );
  return [
    ...ofCondition(["when"], file.when, "true", columns),
    ...ofCondition(["reference"], file.reference, "true", columns),
    ...parts.flatMap(({ path, part: { when, ...fields } }) => [
      ...ofCondition([...path, "when"], when, ofFile, columns),
      ...ofFields(path, fields, `${ofFile} and ${conditionSql(when, columns)}`, columns),
    ]),
  ];
}

function ofCondition(path: Trial["path"], condition: CsvCondition | undefined, when: string, columns: ColumnLookup) {
  return hasSql(condition) ? [{ path, sql: conditionSql(condition, columns), when }] : [];
}

function ofFields(path: Trial["path"], fields: object, when: string, columns: ColumnLookup): Trial[] {
  return Object.entries(fields).flatMap(([key, field]) => {
    if (!hasSql(field)) return [];
    if (key === "address") return ofFields([...path, key], field, when, columns);
    return [{ path: [...path, key], sql: valueSql(field as CsvValue, columns), when }];
  });
}

const hasSql = (said: unknown) => expressionsIn(said, []).length > 0;
