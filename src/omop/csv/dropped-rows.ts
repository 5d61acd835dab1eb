import type { CsvFileMapping } from "../../../schemas/csv-mapping.ts";
import { idOfRows } from "../../ingest/csv-landing.ts";
import { linesOf, textOfRow } from "../../ingest/csv-lines.ts";
import { csvReferences } from "../../ingest/csv-references.ts";
import { csvRows } from "../../ingest/csv-rows.ts";
import { type MappedCsvTable, mappedCsvTables } from "../../ingest/csv-tables.ts";
import { conditionSql, valueSql } from "../../ingest/csv-value.ts";
import type { StageContext } from "../../pipeline/stage.ts";
import { literal, sqlText } from "../../warehouse/sql-text.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";

/** What is wrong with a row by the reason for which it was dropped, and the fields in one of which it stands. */
const correctable: Readonly<Record<string, { readonly says: string; readonly fields: readonly string[] }>> = {
  BAD_DATE: { says: "the date cannot be read", fields: ["start", "birthDate"] },
  NO_DATE: { says: "there is no date", fields: ["start", "birthDate"] },
  NO_BIRTH_DATE: { says: "there is no date of birth that can be read", fields: ["birthDate"] },
  NO_SUBJECT: { says: "no person is named", fields: ["person"] },
  NO_PERSON: { says: "there is no such person", fields: ["person"] },
  EMPTY_CODE: { says: "there is neither code nor words", fields: ["code", "display"] },
  NO_ID: { says: "there is no id", fields: ["id"] },
};
/** The reasons of the rows of a CDM made elsewhere name their column. */
const correctableOfCdm: Readonly<Record<string, string>> = {
  MISSING: "a value must stand here",
  BAD_VALUE: "the value is not of the column's type",
  NO_REFERENCE: "the row that this refers to is not there",
};

/** So many rows of a file nobody corrects by hand: something is wrong with all of them. */
const mostOfFile = 100_000;

interface DroppedRow {
  readonly file_id: number;
  readonly path: string;
  readonly bytes: number;
  readonly delimiter: string;
  readonly header: string[];
  readonly reason: string;
  readonly landing_row: string;
  readonly landing_line: number | null;
  readonly landed: Readonly<Record<string, string | null>>;
}

/**
 * Puts the rows of CSV files that left nothing because of a value in them among the rejects, with their place, so that they can
 * be corrected and fed back. Rows that went through a function are not; of a file with more than 100,000 none are, and a warning
 * says so.
 */
export async function rejectDroppedRows({ target: warehouse, runId, warn }: Context): Promise<void> {
  await warehouse.run("delete from meta.csv_reject where landing_row is not null");
  const dropped = await warehouse.row("select 1 from mapping.dropped join meta.csv_layout using (file_id) limit 1");
  if (dropped === undefined) return;
  for (const [source, tables] of await mappedCsvTables(warehouse)) {
    for (const table of tables) {
      const rows = await droppedRowsOf(table, source, tables, warehouse);
      for (const id of new Set(rows.map(({ file_id }) => file_id))) {
        const ofFile = rows.filter(({ file_id }) => file_id === id);
        if (ofFile.length <= mostOfFile) await reject(ofFile, table.mapping, warehouse, runId);
        else warn(`More than ${mostOfFile} rows of ${ofFile[0]!.path} were dropped; they are in mapping.dropped only.`);
      }
    }
  }
}

type Context = Pick<StageContext<Warehouse>, "target" | "runId" | "warn">;

async function droppedRowsOf(
  { file, table, mapping }: MappedCsvTable,
  source: string,
  tables: readonly MappedCsvTable[],
  warehouse: Warehouse,
): Promise<DroppedRow[]> {
  const { from, columns } = csvRows(file, mapping, source, (name) => tables.find((each) => each.file === name));
  const id = idOfRows(mapping);
  return await warehouse.rows<DroppedRow & Record<string, never>>(
    sqlText(import.meta.url, "dropped-rows.sql", {
      table,
      file: literal(file),
      rows: from,
      id:
        id === undefined
          ? "null"
          : `case when ${conditionSql(mapping.when, columns)} then ${valueSql(id, columns)} end`,
      most: String(mostOfFile + 1),
      reasons: `[${Object.keys(correctable).map(literal).join(", ")}]`,
      reasons_of_cdm: `[${Object.keys(correctableOfCdm).map(literal).join(", ")}]`,
    }),
  );
}

async function reject(
  rows: readonly DroppedRow[],
  mapping: CsvFileMapping,
  warehouse: Warehouse,
  runId: string,
): Promise<void> {
  const { path, bytes, delimiter, header } = rows[0]!;
  const cellsOf = ({ landed }: DroppedRow) => header.map((name) => landed[name] ?? null);
  const unplaced = rows.filter(({ landing_line }) => landing_line === null);
  const file = { path, bytes, delimiter, header, encoding: mapping.encoding };
  const found = await linesOf(unplaced.map(cellsOf), file);
  const lines = new Map(unplaced.map(({ landing_row }, i) => [landing_row, found[i]]));
  const rejects = rows.map((row) => {
    const { says, column } = whatIsWrong(row, mapping);
    return {
      file_id: row.file_id,
      line: row.landing_line ?? lines.get(row.landing_row),
      column_name: column,
      value: column === undefined ? undefined : row.landed[column],
      code: row.reason.split(" ", 1)[0],
      reason: says,
      row: textOfRow(cellsOf(row), delimiter),
      landing_row: row.landing_row.split("-", 1)[0],
    };
  });
  await warehouse.run(
    `insert into meta.csv_reject by name
     select *, $2 as run_id
     from (
       select unnest(json_transform($1::json,
         '[{"file_id":"INTEGER","line":"BIGINT","column_name":"VARCHAR","value":"VARCHAR","code":"VARCHAR","reason":"VARCHAR","row":"VARCHAR","landing_row":"VARCHAR"}]'
       ), recursive := true)
     )`,
    [JSON.stringify(rejects), runId],
  );
}

/** A sentence, and the column where only one of the file can be meant. */
function whatIsWrong({ reason, header, landed }: DroppedRow, mapping: CsvFileMapping) {
  const [code = "", ofCdm] = reason.split(" ");
  const named = (name: string) => header.find((each) => each.toLowerCase() === name.toLowerCase());
  if (ofCdm !== undefined) return { says: correctableOfCdm[code]!, column: named(ofCdm) };
  const { says, fields } = correctable[code]!;
  const meant = csvReferences(mapping)
    .filter(({ path }) => path.length < 4 && fields.includes(String(path.at(-1))))
    .map(({ columns }) => {
      const there = columns.flatMap((name) => named(name) ?? []);
      return there.find((name) => landed[name]?.trim()) ?? there[0];
    });
  const columns = new Set(meant);
  return { says, column: columns.size === 1 ? meant[0] : undefined };
}
