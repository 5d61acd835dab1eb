import { openLanding } from "../../src/ingest/landing-tables.ts";
import { cdmTableNames } from "../../src/warehouse/cdm-tables.ts";
import type { Warehouse } from "../../src/warehouse/warehouse.ts";

/** A hash of each CDM table that has rows, whatever their order. `cdm_source`, which tells the day, is left out. */
export function cdmHashes(warehouse: Warehouse): Promise<Record<string, string>> {
  const tables = cdmTableNames.filter((name) => name !== "cdm_source");
  return hashes(
    warehouse,
    tables.map((name) => [name, `cdm.${name}`]),
  );
}

/** A hash of each landing table that has records, whatever their order and whichever file they came in. */
export async function landingHashes(warehouse: Warehouse): Promise<Record<string, string>> {
  const tables = await openLanding(warehouse);
  return await hashes(
    warehouse,
    tables.map(({ resourceType, table }) => [resourceType, `(select * exclude (landing_file) from ${table})`]),
  );
}

async function hashes(
  warehouse: Warehouse,
  relations: readonly (readonly [name: string, relation: string])[],
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [name, relation] of relations) {
    const row = await warehouse.row<{ rows: number; hash: string | null }>(
      `select count(*) as rows, md5(string_agg(row, '' order by row)) as hash
       from (select md5(to_json(t)::varchar) as row from ${relation} t)`,
    );
    if (row!.rows > 0) found[name] = `${row!.rows} rows, ${row!.hash}`;
  }
  return found;
}
