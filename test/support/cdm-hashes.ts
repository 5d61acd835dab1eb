import { cdmTableNames } from "../../src/warehouse/cdm-tables.ts";
import type { Warehouse } from "../../src/warehouse/warehouse.ts";

/** A hash of each CDM table that has rows, whatever their order. `cdm_source`, which tells the day, is left out. */
export async function cdmHashes(warehouse: Warehouse): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const table of cdmTableNames.filter((name) => name !== "cdm_source")) {
    const row = await warehouse.row<{ rows: number; hash: string | null }>(
      `select count(*) as rows, md5(string_agg(row, '' order by row)) as hash
       from (select md5(to_json(t)::varchar) as row from cdm.${table} t)`,
    );
    if (row!.rows > 0) hashes[table] = `${row!.rows} rows, ${row!.hash}`;
  }
  return hashes;
}
