import { openLanding } from "../ingest/landing-tables.ts";
import { OmopipeError } from "../pipeline/errors.ts";
import type { Stage, StageContext } from "../pipeline/stage.ts";
import { identifier } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import type { Filled } from "./map-to-omop.ts";

/**
 * Empties the landing tables after mapping, for warehouses that must not keep the records themselves, or must be small: CDM, lineage and
 * books stay. The next run then reads and maps all files again, where it would have read and mapped what is new. It must be given all
 * files that were mapped before; where one is not, `mapToOmop` throws USAGE instead of removing its rows.
 *
 * @example
 * await pipeline(fhirFiles("export/"), mapToOmop(), forgetLanding()).run(warehouse);
 */
export function forgetLanding(): Stage<Filled, void, Warehouse> {
  return {
    name: "forgetLanding",
    async execute(_filled, { target: warehouse }) {
      const fhir = (await openLanding(warehouse)).map(({ table }) => table);
      const csv = await warehouse.rows<{ name: string }>("select distinct landing_table as name from meta.csv_mapping");
      const tables = [...fhir, ...csv.map(({ name }) => `landing.${identifier(name)}`)];
      await warehouse.transaction(async () => {
        await warehouse.run(tables.map((table) => `delete from ${table};`).join("\n"));
        await warehouse.run("delete from meta.patient_identifier; delete from meta.patient_reference");
        // Without its hash a file is read again although it is as it was.
        await warehouse.run("update meta.file set hash = null");
        await warehouse.run("delete from meta.change; delete from meta.setting where name in ('mapping', 'landing')");
        await warehouse.run("insert into meta.setting values ('landing', 'forgotten')");
      });
    },
  };
}

/** Throws USAGE when mapping what has landed would remove the rows of files that did before and were forgotten. */
export async function mustHaveLanded({ target: warehouse, runId }: StageContext<Warehouse>): Promise<void> {
  const missing = await warehouse.row<{ files: number; first: string }>(
    `select count(*) as files, min(path) as first from meta.file
     where run_id <> $1 and exists (from meta.setting where name = 'landing' and value = 'forgotten')
     having count(*) > 0`,
    [runId],
  );
  if (!missing) return;
  throw new OmopipeError(
    "USAGE",
    `${missing.files} files that were mapped before were not read in this run (${missing.first} is the first), and the warehouse has not ` +
      "kept their records (--keep-landing none): to map without them would remove their rows. Give all files, or begin a new warehouse.",
  );
}
