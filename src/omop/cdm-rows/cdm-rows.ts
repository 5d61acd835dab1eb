import { type CdmColumn, type CdmTable, cdmTables } from "../../../schemas/cdm.ts";
import { mappedCsvTables } from "../../ingest/csv-tables.ts";
import { tablesOfPersons } from "../../warehouse/cdm-tables.ts";
import { identifier, literal, sqlText } from "../../warehouse/sql-text.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import type { MappingStep } from "../mapping-steps.ts";

/** A landed file whose rows are rows of a CDM table. */
interface CdmFile {
  readonly source: string;
  /** The landing table. */
  readonly table: string;
  /** The name of the file in the mapping. */
  readonly file: string;
  readonly cdm: string;
  /** Its columns, in lower case. */
  readonly columns: ReadonlySet<string>;
}

/** The steps that load files of CDM tables: before what is derived, after it, and with the report. */
export type CdmRowSteps = Readonly<Record<"given" | "derived" | "report", readonly MappingStep[]>>;

/** Tables that others refer to come before these. */
const firstTables = ["location", "care_site", "provider", "person", "visit_occurrence", "visit_detail", "episode"];
/** Tables that are otherwise derived: what a file says counts in place of it. */
const derivedTables = ["observation_period", "condition_era", "drug_era", "dose_era", "cdm_source", "metadata"];

const definitions = new Map(cdmTables.map((definition) => [definition.table, definition]));
const tableOrder = [...new Set([...firstTables, ...definitions.keys()])];

/** The steps for the files of CDM tables that have landed; none where there are no such files. */
export async function cdmRowSteps(warehouse: Warehouse): Promise<CdmRowSteps> {
  const sources = [...(await mappedCsvTables(warehouse))];
  const files = sources.flatMap(([source, landed]) =>
    landed.flatMap(({ table, file, mapping: { cdm }, columns }): CdmFile[] => {
      const names = new Set(columns.map((name) => name.toLowerCase()));
      return cdm === undefined ? [] : [{ source, table, file, cdm, columns: names }];
    }),
  );
  const tables = tableOrder.filter((table) => files.some(({ cdm }) => cdm === table));
  if (tables.length === 0) return { given: [], derived: [], report: [] };
  const definition = (table: string) => definitions.get(table)!;
  const read = (table: string) => readTable(definition(table), files);
  return {
    given: [
      "cdm-rows/macros.sql",
      ...tables
        .filter((table) => !derivedTables.includes(table))
        .flatMap((table) => [read(table), ...checkAndLoad(definition(table))]),
    ],
    derived: tables
      .filter((table) => derivedTables.includes(table))
      .flatMap((table) => [read(table), forgetDerived(table, tables), ...checkAndLoad(definition(table))]),
    report: tables.map((table) =>
      step("report.sql", { rows: rowsOf(table), table: literal(table), key: keyOf(definition(table)) }),
    ),
  };
}

const rowsOf = (table: string) => `cdm_row_${table}`;
const fault = (kind: string, { name }: CdmColumn) => literal(`${kind} ${name}`);
const step = (file: string, parts: Record<string, string>): MappingStep => ({
  text: sqlText(import.meta.url, file, parts),
});

/** What a row of the CDM is known by; in tables without a key of their own (death) by the person. */
function keyOf({ columns }: CdmTable): string {
  const key = columns.find(({ primaryKey }) => primaryKey) ?? columns.find(({ name }) => name === "person_id");
  return key === undefined ? "null::bigint" : identifier(key.name);
}

function readTable({ table, columns }: CdmTable, files: readonly CdmFile[]): MappingStep {
  const rows = rowsOf(table);
  const reads = files.filter(({ cdm }) => cdm === table).map((file) => readFile(rows, columns, file));
  return { text: [sqlText(import.meta.url, "create.sql", { rows, table: identifier(table) }), ...reads].join("\n") };
}

function readFile(rows: string, columns: readonly CdmColumn[], file: CdmFile): string {
  const present = columns.filter(({ name }) => file.columns.has(name));
  const texts = present.map(({ name, type }) => `${literal(name)}: ${textSql(type, `line.${identifier(name)}`)}`);
  const values = present.map(({ name, type }) => `${castSql(type, textOf(name))} as ${identifier(name)}`);
  const faults = present.flatMap((column) => {
    const bad = `${castSql(column.type, textOf(column.name))} is null`;
    return [
      ...(column.required ? [`when ${textOf(column.name)} is null then ${fault("MISSING", column)}`] : []),
      `when ${textOf(column.name)} is not null and ${bad} then ${fault("BAD_VALUE", column)}`,
    ];
  });
  return sqlText(import.meta.url, "read.sql", {
    rows,
    source: literal(file.source),
    table: file.table,
    file: literal(file.file),
    texts: texts.join(",\n            "),
    values: values.join(",\n    "),
    faults: faults.join("\n        "),
  });
}

const textOf = (name: string) => `text.${identifier(name)}`;

function textSql(type: string, column: string): string {
  return type.startsWith("varchar") ? `nullif(${column}, '')` : `mapping.value_text(${column})`;
}

function castSql(type: string, value: string): string {
  switch (type) {
    case "integer":
      return `mapping.whole_number(${value})`;
    case "numeric":
      return `mapping.any_number(${value})`;
    case "date":
      return `mapping.day_of(${value})`;
    case "timestamp":
      return `mapping.moment_of(${value})`;
    default:
      return value;
  }
}

function checkAndLoad({ table, columns }: CdmTable): MappingStep[] {
  const rows = rowsOf(table);
  const key = columns.find(({ primaryKey }) => primaryKey);
  return [
    ...(key ? [step("duplicate.sql", { rows, table, key: identifier(key.name), fault: fault("DUPLICATE", key) })] : []),
    ...columns.flatMap((column) => checkReference(table, column)),
    step("load.sql", {
      rows,
      table: identifier(table),
      columns: columns.map(({ name }) => identifier(name)).join(", "),
    }),
  ];
}

function checkReference(table: string, column: CdmColumn): MappingStep[] {
  const target = definitions.get(column.references ?? "");
  if (target?.group !== "cdm") return [];
  const rows = rowsOf(table);
  const key = keyOf(target);
  const inTable = `select ${key} from cdm.${identifier(target.table)}`;
  const known =
    target.table === table ? `${inTable} union all select ${key} from ${rows} where reason is null` : inTable;
  const file = column.required ? "required-reference.sql" : "optional-reference.sql";
  return [step(file, { rows, column: identifier(column.name), known, fault: fault("NO_REFERENCE", column) })];
}

/** Leaves out what was derived for the persons of the files, where a file that is not empty says it itself. */
function forgetDerived(table: string, tables: readonly string[]): MappingStep {
  if (!tablesOfPersons.has(table)) {
    return { text: `delete from cdm.${identifier(table)} where exists (from ${rowsOf(table)});` };
  }
  const persons = [table, "person"].filter((name) => tables.includes(name));
  const ids = persons.map((name) => `select person_id from ${rowsOf(name)} where person_id is not null`);
  return {
    text: `delete from cdm.${identifier(table)} where exists (from ${rowsOf(table)}) and person_id in (${ids.join(" union all ")});`,
  };
}
