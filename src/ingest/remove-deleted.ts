import { literal } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { openLanding } from "./landing-tables.ts";

/** A resource that its server has deleted. */
export interface DeletedResource {
  readonly type: string;
  readonly id: string;
}

/**
 * Removes resources from landing that their source has deleted, but for those in files below `except`, which tell of the time
 * after that. A deletion is the newest version of a record: in the books it counts as superseded. Gives how many were there.
 */
export async function removeDeleted(
  warehouse: Warehouse,
  source: string,
  deleted: readonly DeletedResource[],
  except: string,
): Promise<number> {
  const tables = await openLanding(warehouse);
  let removed = 0;
  await warehouse.transaction(async () => {
    for (const { resourceType, table, patient } of tables) {
      const ids = [...new Set(deleted.filter(({ type }) => type === resourceType).map(({ id }) => id))];
      if (ids.length === 0) continue;
      const gone = `landing_source = ${literal(source)}
        and id in (select unnest(from_json($1, '["VARCHAR"]')))
        and landing_file in (select file_id from meta.file where not starts_with(path, ${literal(except)}))`;
      const parameters = [JSON.stringify(ids)];
      const found = await warehouse.rows<{ landing_file: number; records: number }>(
        `select landing_file, count(*) as records from ${table} where ${gone} group by all`,
        parameters,
      );
      for (const { landing_file, records } of found) {
        removed += records;
        await warehouse.run(
          "update meta.file_records set superseded = superseded + $1 where file_id = $2 and resource_type = $3",
          [records, landing_file, resourceType],
        );
      }
      await warehouse.run(
        `insert into meta.change
         select distinct
           landing_source, ${literal(resourceType)}, ${patient ?? "null"}, case when ${patient ?? "null"} is null then id end
         from ${table} where ${gone}`,
        parameters,
      );
      await warehouse.run(`delete from ${table} where ${gone}`, parameters);
    }
  });
  return removed;
}
