import { cdmTables } from "../../schemas/cdm.ts";
import { identifier, literal } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";

/** Cuts every text of the CDM to the length that the specification gives its column, and counts what was cut. */
export async function cutTexts(warehouse: Warehouse): Promise<void> {
  await warehouse.run(`delete from mapping.text_cut;\n${countTooLong}`);
  const cuts = await warehouse.rows<{ cdm_table: string; cdm_column: string; length: number }>("from mapping.text_cut");
  for (const { cdm_table, cdm_column, length } of cuts) {
    const column = identifier(cdm_column);
    await warehouse.run(
      `update cdm.${identifier(cdm_table)} set ${column} = ${column}[1:${length}] where length(${column}) > ${length}`,
    );
  }
}

/** Says how many texts were cut, and where most of them are; nothing where none was. */
export async function cutWarning(warehouse: Pick<Warehouse, "row">): Promise<string | undefined> {
  const cut = await warehouse.row<{ texts: number; most: string | null }>(
    `select coalesce(sum(rows), 0)::bigint as texts, arg_max(cdm_table || '.' || cdm_column, rows) as most
     from mapping.text_cut`,
  );
  return cut && cut.texts > 0
    ? `${cut.texts} texts were longer than their columns and were cut, most of them in ${cut.most} (see mapping.text_cut).`
    : undefined;
}

/** One scan of each table: the rows of each of its columns that are too long. */
const countTooLong = (() => {
  const tables = cdmTables
    .filter(({ group }) => group === "cdm")
    .flatMap(({ table, columns }) => {
      const limited = columns.flatMap(({ name, type }) => {
        const length = /^varchar\((\d+)\)$/.exec(type)?.[1];
        if (length === undefined) return [];
        const rows = `count(*) filter (length(${identifier(name)}) > ${length})`;
        return [`{'cdm_column': ${literal(name)}, 'length': ${length}, 'rows': ${rows}}`];
      });
      return limited.length === 0
        ? []
        : [
            `select ${literal(table)} as cdm_table, unnest([${limited.join(", ")}]) as cut from cdm.${identifier(table)}`,
          ];
    });
  return `insert into mapping.text_cut
select cdm_table, cut.cdm_column, cut.length, cut.rows
from (${tables.join("\nunion all\n")})
where cut.rows > 0;`;
})();
