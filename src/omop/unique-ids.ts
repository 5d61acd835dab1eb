import { sqlText } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";

/** A column of ids that were hashed from keys, and the key columns they stand for. */
export interface IdColumn {
  readonly table: string;
  readonly id: string;
  /** Ids must differ among rows that agree in this column; in the whole table when left out. */
  readonly within?: string | undefined;
  readonly key: readonly string[];
}

/**
 * Finds rows that different keys gave one id, and gives all but the smallest key a new one, until none are left.
 * The outcome depends on the keys only, not on the order of rows. With 53 bits that is seldom needed: among 10 million
 * rows the chance of a single collision is about 1 in 180.
 */
export async function makeIdsUnique(warehouse: Warehouse, { table, id, within, key }: IdColumn): Promise<void> {
  const scope = within === undefined ? id : `${within}, ${id}`;
  for (let round = 1; ; round++) {
    const repeated = await warehouse.row(
      `select 1 from ${table} where ${id} is not null
       having count(*) > count(distinct ${within === undefined ? id : `(${scope})`})`,
    );
    if (!repeated) return;
    await warehouse.run(
      sqlText(import.meta.url, "unique-ids.sql", { table, id, scope, key: key.join(", "), round: String(round) }),
    );
  }
}
