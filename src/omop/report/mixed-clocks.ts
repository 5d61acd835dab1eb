import { sqlText } from "../../warehouse/sql-text.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";

/** One sentence a source of FHIR whose times are on clocks that cannot all be those of one place. */
export async function clockWarnings(warehouse: Pick<Warehouse, "rows">): Promise<string[]> {
  const sources = await warehouse.rows<{ source: string; clocks: string }>(
    sqlText(import.meta.url, "mixed-clocks.sql"),
  );
  return sources.map(
    ({ source, clocks }) =>
      `The times of source ${source} are on clocks more than an hour apart (${clocks}), and are kept as they were written. timeZone (--time-zone) shows all on one.`,
  );
}
