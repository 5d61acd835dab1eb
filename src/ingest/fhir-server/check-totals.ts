import { join } from "node:path";
import { pathLiteral } from "../../warehouse/sql-text.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import type { Download } from "../download/download-state.ts";
import { counted, isEverything, type Search } from "./searches.ts";

/** A sentence for each type that is not, or may not be, as the server counts it. */
export interface Totals {
  readonly differences: readonly string[];
  /** Of those that the server does not count. */
  readonly unknown: readonly string[];
}

/**
 * Holds what was read of each type against what the server counts (`_summary=count`).
 * Several searches of one type may find the same resources: then there must be as many as the largest finds, and not more
 * than all together.
 */
export async function checkTotals(
  warehouse: Warehouse,
  download: Download,
  searches: readonly Search[],
  count: (search: string, type: string) => Promise<number | undefined>,
): Promise<Totals> {
  const differences: string[] = [];
  const unknown: string[] = [];
  const types = new Set(searches.filter((search) => !isEverything(search)).map(({ type }) => type));
  for (const type of types) {
    const ofType = searches.filter((search) => search.type === type && !isEverything(search));
    const totals = await Promise.all(ofType.map((search) => count(counted(search, download.since), type)));
    const known = totals.filter((total) => total !== undefined);
    if (known.length < totals.length) {
      unknown.push(`The server does not tell how many ${type} it has, so that cannot be checked.`);
      continue;
    }
    const found = await distinct(warehouse, download, type);
    const all = known.reduce((sum, total) => sum + total, 0);
    if (found >= Math.max(...known) && found <= all) continue;
    differences.push(
      `${found} ${type} were read, but the server counts ${all}. They may have changed meanwhile, ` +
        "or the server left some out: read them again.",
    );
  }
  return { differences, unknown };
}

async function distinct(warehouse: Warehouse, download: Download, type: string): Promise<number> {
  const file = await warehouse.row<{ name: string }>(
    "select name from meta.download_file where download_id = $1 and role = 'match' and resource_type = $2",
    [download.download_id, type],
  );
  if (file === undefined) return 0;
  const found = await warehouse.row<{ found: number }>(
    `select count(distinct id) as found
     from read_ndjson(${pathLiteral(join(download.folder, file.name))}, columns => {id: 'VARCHAR'})`,
  );
  return found!.found;
}
