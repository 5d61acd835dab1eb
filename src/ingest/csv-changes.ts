import { literal } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { type OwnerOfRows, ownerOfLandedRows, ownerOfRows } from "./csv-person.ts";
import { csvRows } from "./csv-rows.ts";
import { type MappedCsvTable, mappedCsvTables } from "./csv-tables.ts";

/** What a landing of CSV files changes, written down in `meta.change` for the next mapping. */
export interface CsvChanges {
  /** To be called when all is landed. */
  record(): Promise<void>;
}

/**
 * To be called before anything is landed, in its transaction; `lands` tells which files do, by their names in the mapping. Where
 * nothing is mapped yet, all will be, and nothing is written down.
 */
export async function openCsvChanges(
  lands: (file: string) => boolean,
  { warehouse, source }: { readonly warehouse: Warehouse; readonly source: string },
): Promise<CsvChanges> {
  const mapped = await warehouse.row("select 1 from meta.setting where name = 'mapping'");
  if (!mapped) return { async record() {} };
  const before = await keepRows("before", lands, warehouse, source);
  return {
    async record() {
      const after = await keepRows("after", lands, warehouse, source);
      for (const file of new Set([...before.keys(), ...after.keys()])) {
        const owners = [before.get(file), after.get(file)].filter((owner) => owner !== undefined);
        if (owners.every(({ kind }) => kind === "person")) await warehouse.run(changesOf(file, source));
        else if (await warehouse.row(`${differences(file)} limit 1`)) {
          // What others name, or what is of several persons at once: all is mapped anew.
          await warehouse.run("delete from meta.setting where name = 'mapping'");
        }
      }
      await warehouse.run("drop table csv_row_before; drop table csv_row_after");
    },
  };
}

/** The rows of files that land, and of those that join them, each with its person and the rows that are joined to it. */
async function keepRows(
  moment: "before" | "after",
  lands: (file: string) => boolean,
  warehouse: Warehouse,
  source: string,
): Promise<Map<string, OwnerOfRows>> {
  const table = `csv_row_${moment}`;
  await warehouse.run(`create or replace temp table ${table} (file varchar, content varchar, person varchar)`);
  const tables = (await mappedCsvTables(warehouse)).get(source) ?? [];
  const owners = new Map<string, OwnerOfRows>();
  for (const { file, mapping } of tables) {
    const joined = Object.entries(mapping.join ?? {}).map(([alias, { file: other }]) => ({ alias, other }));
    if (!lands(file) && !joined.some(({ other }) => lands(other))) continue;
    const { from, columns } = csvRows(file, mapping, source, (name) => tables.find((each) => each.file === name));
    const owner = await ownerOfLandedRows(warehouse, from, ownerOfRows(file, mapping, columns));
    owners.set(file, owner);
    const content = ["line.landing_file", "line.landing_row", ...joinedRows(joined, tables)];
    await warehouse.run(
      `insert into ${table}
       select ${literal(file)}, concat_ws('|', ${content.join(", ")}), ${owner.kind === "person" ? owner.person : "null"}
       from ${from}`,
    );
  }
  return owners;
}

function joinedRows(joined: readonly { alias: string; other: string }[], tables: readonly MappedCsvTable[]): string[] {
  const there = joined.filter(({ other }) => tables.some(({ file }) => file === other));
  return there.map(({ alias }) => `coalesce("${alias}".landing_row, '')`);
}

const differences = (file: string) => `
  select person, content
  from (
    (select content, person from csv_row_before where file = ${literal(file)}
     except select content, person from csv_row_after where file = ${literal(file)})
    union all
    (select content, person from csv_row_after where file = ${literal(file)}
     except select content, person from csv_row_before where file = ${literal(file)})
  )`;

const changesOf = (file: string, source: string) => `
  insert into meta.change
  select distinct ${literal(source)}, ${literal(file)}, person, case when person is null then content end
  from (${differences(file)})`;
