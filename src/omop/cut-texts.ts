import { cdmTables } from "../../schemas/cdm.ts";
import { filledCdmTables, tablesOfPersons } from "../warehouse/cdm-tables.ts";
import { identifier, literal } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";

/** Cuts every text of the CDM to the length that the specification gives its column, and counts what was cut. */
export async function cutTexts(warehouse: Warehouse): Promise<void> {
  await warehouse.run("delete from mapping.text_cut");
  const filled = await filledCdmTables(warehouse);
  const selects = [...findTooLong].flatMap(([table, select]) => (filled.has(table) ? [select] : []));
  if (selects.length === 0) return;
  const cuts = await warehouse.rows<{ cdm_table: string; cdm_column: string; length: number }>(
    `select cdm_table, cut.cdm_column, cut.length from (${selects.join("\nunion all\n")}) where cut.found`,
  );
  for (const { cdm_table, cdm_column, length } of cuts) {
    const table = identifier(cdm_table);
    const column = identifier(cdm_column);
    const person = tablesOfPersons.has(cdm_table) ? "person_id" : "0";
    await warehouse.run(
      `insert into mapping.text_cut by name
       select
         ${literal(cdm_table)} as cdm_table, ${literal(cdm_column)} as cdm_column, ${length} as length, count(*) as rows,
         ${person} as person_id
       from cdm.${table} where length(${column}) > ${length} group by all;
       update cdm.${table} set ${column} = ${column}[1:${length}] where length(${column}) > ${length}`,
    );
  }
}

/** Says how many texts were cut, and where most of them are; nothing where none was. */
export async function cutWarning(warehouse: Pick<Warehouse, "row">): Promise<string | undefined> {
  const cut = await warehouse.row<{ texts: number; most: string | null }>(
    `select coalesce(sum(rows), 0)::bigint as texts, arg_max(cdm_table || '.' || cdm_column, rows) as most
     from (select cdm_table, cdm_column, sum(rows)::bigint as rows from mapping.text_cut group by all)`,
  );
  return cut && cut.texts > 0
    ? `${cut.texts} texts were longer than their columns and were cut, most of them in ${cut.most} (see mapping.text_cut).`
    : undefined;
}

/** One scan of each table: which of its columns hold texts that are too long. */
const findTooLong: ReadonlyMap<string, string> = new Map(
  cdmTables
    .filter(({ group }) => group === "cdm")
    .flatMap(({ table, columns }) => {
      const limited = columns.flatMap(({ name, type }) => {
        const length = /^varchar\((\d+)\)$/.exec(type)?.[1];
        if (length === undefined) return [];
        const found = `coalesce(bool_or(length(${identifier(name)}) > ${length}), false)`;
        return [`{'cdm_column': ${literal(name)}, 'length': ${length}, 'found': ${found}}`];
      });
      if (limited.length === 0) return [];
      const select = `select ${literal(table)} as cdm_table, unnest([${limited.join(", ")}]) as cut from cdm.${identifier(table)}`;
      return [[table, select]];
    }),
);
