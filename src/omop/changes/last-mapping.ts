import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { layoutOf, openLanding } from "../../ingest/landing-tables.ts";
import { softwareVersion } from "../../version.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import type { MapToOmopOptions } from "../mapping-options.ts";
import { mappingMacros, mappingTables } from "../mapping-steps.ts";

/** All that says how records become rows, as one text: where it is another than before, all records are mapped anew. */
export async function rulesInUse(warehouse: Warehouse, options: MapToOmopOptions, version: string): Promise<string> {
  const vocabulary = await warehouse.rows(
    `select path from duckdb_databases() where starts_with(database_name, 'vocabulary_part_') order by all`,
  );
  const engine = await warehouse.row("select version() as version");
  const extracts = await Promise.all((options.extracts ?? []).map((path) => readFile(path, "utf8").catch(() => "")));
  // Rules of SOURCE_TO_CONCEPT_MAP hold from one day to another.
  const dated = await warehouse.row("select current_date as day from vocabulary.source_to_concept_map limit 1");
  const csv = await warehouse.rows("select source, file, definition::varchar from meta.csv_mapping order by all");
  const layout = layoutOf(await openLanding(warehouse));
  const rules = [
    options,
    version,
    vocabulary,
    engine,
    extracts,
    dated,
    csv,
    layout,
    mappingMacros().sql,
    mappingTables().sql,
    softwareVersion,
  ];
  return createHash("sha256").update(JSON.stringify(rules)).digest("hex");
}

/** Whether the CDM was mapped by these rules. */
export async function isMapped(warehouse: Warehouse, rules: string): Promise<boolean> {
  const known = await warehouse.row("select 1 from meta.setting where name = 'mapping' and value = $1", [rules]);
  return known !== undefined;
}

export async function hasChanged(warehouse: Warehouse): Promise<boolean> {
  return (await warehouse.row("select 1 from meta.change limit 1")) !== undefined;
}

/** To be called in the transaction of the mapping. */
export async function rememberMapping(warehouse: Warehouse, rules: string): Promise<void> {
  await warehouse.run("delete from meta.change; delete from meta.setting where name in ('mapping', 'landing')");
  await warehouse.run("insert into meta.setting values ('mapping', $1)", [rules]);
}
