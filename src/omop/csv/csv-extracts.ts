import { type CsvFileMapping, type CsvPart, partsOf } from "../../../schemas/csv-mapping.ts";
import { ownerOfRows } from "../../ingest/csv-person.ts";
import { type CsvRows, csvRows } from "../../ingest/csv-rows.ts";
import { type MappedCsvTable, mappedCsvTables } from "../../ingest/csv-tables.ts";
import { conditionSql, valueSql } from "../../ingest/csv-value.ts";
import { literal, sqlText } from "../../warehouse/sql-text.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import type { Extract, Shape } from "../extracts.ts";
import { costParts, type FilesOfCosts } from "./cost.ts";
import { eventParts } from "./event.ts";
import { fieldsOf, type PartOfRow, selectFields } from "./part-of-row.ts";

/**
 * The extracts of all CSV files that have landed, from the mappings that the warehouse keeps of them. Rows are joined to those of
 * `joined`: the warehouse that has them all, where this one has some.
 */
export async function csvExtracts(warehouse: Warehouse, joined = warehouse): Promise<Extract[]> {
  const sources = [...(await mappedCsvTables(warehouse))];
  return sources.flatMap(([source, tables]) =>
    tables
      .filter(({ mapping }) => mapping.cdm === undefined)
      .flatMap((table) =>
        extractsOf(
          table,
          csvRows(table.file, table.mapping, source, (file) =>
            file === table.file ? table : tableIn(joined, tables, file),
          ),
          source,
          {
            own: table.file,
            visits: tables.filter(({ mapping }) => mapping.visit).map(({ file }) => file),
            landed: tables.map(({ file }) => file),
          },
        ),
      ),
  );
}

export function tableIn(warehouse: Warehouse, tables: readonly MappedCsvTable[], file: string) {
  const found = tables.find((each) => each.file === file);
  return found && { ...found, table: `${warehouse.database}.${found.table}` };
}

/** The records that have an id of their own, and are taken once where several rows are about one. */
const identified: readonly CsvPart[] = ["person", "visit", "provider", "careSite", "payerPlan"];

function extractsOf({ file, mapping }: MappedCsvTable, rows: CsvRows, source: string, files: FilesOfCosts): Extract[] {
  const extract = (shape: Shape, name: string, select: string): Extract => ({
    name: `${source} ${file} ${name}`,
    shape,
    select,
    resourceType: file,
  });
  const several = partsOf(mapping).length > 1;
  const owner = ownerOfRows(file, mapping, rows.columns);
  const person = owner.kind === "person" ? owner.person : "null";
  const parts = partsOfRow(mapping, rows, files);
  // A file of nothing but persons has each once when it has landed.
  const madeOfRows = ({ id, shape }: PartOfRow) =>
    id !== undefined && (several || shape === "event" || shape === "cost");
  const when = (part: PartOfRow) => `${conditionSql(mapping.when, rows.columns)} and ${part.when}`;

  const records = parts.map((part) => {
    const values = selectFields(part.fields, rows.from, when(part));
    const withPoint = { with_point: mapping.decimal === "," ? "mapping.with_point" : "" };
    const given = { ...part.sql, ...withPoint, file: literal(file) };
    const ofRecords = part.shape === "cost" ? amountsOf(values, part, withPoint) : recordsOf(values, madeOfRows(part));
    return extract(part.shape, part.name, sqlText(import.meta.url, `${part.template}.sql`, { ...given, ...ofRecords }));
  });
  const rowExtracts = parts.filter(madeOfRows).map((part) =>
    extract(
      "row",
      `${part.name} of rows`,
      sqlText(import.meta.url, "row.sql", {
        file: literal(file),
        values: selectFields({ id: part.id! }, rows.from, when(part)),
      }),
    ),
  );
  return [...records, ...rowExtracts, ...nothing(parts.map(when), { file, mapping }, person, rows, extract)];
}

/** One record an id, where several rows may be about one. */
function recordsOf(values: string, once: boolean) {
  return { values: once ? sqlText(import.meta.url, "once.sql", { values }) : values };
}

/** The amounts of each row, or of all rows of a cost together. */
function amountsOf(values: string, { id }: PartOfRow, withPoint: { readonly with_point: string }) {
  const amounts = sqlText(import.meta.url, "amounts.sql", { ...withPoint, values });
  return { amounts: id === undefined ? amounts : sqlText(import.meta.url, "amounts-added-up.sql", { amounts }) };
}

/** The rows that are no record at all: of a file that is only joined, and those to which no condition applies. */
function nothing(
  conditions: readonly string[],
  { file, mapping }: Pick<MappedCsvTable, "file" | "mapping">,
  person: string,
  rows: CsvRows,
  extract: (shape: Shape, name: string, select: string) => Extract,
): Extract[] {
  if (conditions.some((condition) => condition === "true and true")) return [];
  const onlyJoined = conditions.length === 0;
  const toldElsewhere = mapping.reference === undefined ? "false" : conditionSql(mapping.reference, rows.columns);
  const parts = {
    file: literal(file),
    reference: onlyJoined ? "true" : toldElsewhere,
    rows: rows.from,
    when: onlyJoined ? "false" : conditions.join(" or "),
    person,
  };
  return [extract("event", "no event", sqlText(import.meta.url, "no-event.sql", parts))];
}

function partsOfRow(mapping: CsvFileMapping, { columns }: CsvRows, files: FilesOfCosts): PartOfRow[] {
  const single = identified.flatMap((name): PartOfRow[] => {
    const part = mapping[name as "person"];
    if (part === undefined) return [];
    const { address = {}, when, ...fields } = part;
    return [
      {
        name,
        template: templates[name]!,
        shape: templates[name]!.replace("-", "_") as Shape,
        id: part.id === undefined ? undefined : valueSql(part.id, columns),
        fields: fieldsOf(templates[name]!, { ...fields, ...address }, columns, mapping),
        when: conditionSql(when, columns),
        sql: {},
      },
    ];
  });
  const events = eventParts(mapping.events ?? [], columns, mapping);
  const notes = (mapping.notes ?? []).map(
    ({ when, type = "EHR", ...fields }, i): PartOfRow => ({
      name: `notes[${i}]`,
      template: "note",
      shape: "note",
      fields: fieldsOf("note", fields, columns, mapping),
      when: conditionSql(when, columns),
      sql: { part: String(events.length + i), type: literal(type) },
    }),
  );
  return [...single, ...events, ...notes, ...costParts(mapping, columns, files)];
}

const templates: Readonly<Partial<Record<CsvPart, string>>> = {
  person: "person",
  visit: "visit",
  provider: "provider",
  careSite: "care-site",
  payerPlan: "payer-plan",
};
