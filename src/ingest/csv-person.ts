import { type CsvFileMapping, partsOf } from "../../schemas/csv-mapping.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { type ColumnLookup, valueSql } from "./csv-value.ts";

/**
 * Whose the rows of a file are. `person`: each is of the person whose id this SQL gives, or of nobody; `records` are the ids, as
 * SQL, of what several rows tell of together. `nobody`: all are of no person, such as providers. `mixed`: it cannot be told by
 * the row alone.
 */
export type OwnerOfRows =
  | { readonly kind: "person"; readonly person: string; readonly records: readonly string[] }
  | { readonly kind: "nobody" }
  | { readonly kind: "mixed" };

/** Whose rows are, by the mapping of their file. */
export function ownerOfRows(file: string, mapping: CsvFileMapping, columns: ColumnLookup): OwnerOfRows {
  const parts = partsOf(mapping);
  const joinsItself = Object.values(mapping.join ?? {}).some((joined) => joined.file === file);
  if (mapping.cdm !== undefined || joinsItself) return { kind: "mixed" };
  const { person, visit, payerPlan, events = [], notes = [], costs = [] } = mapping;
  const ids = [
    ...(person ? [person.id] : []),
    ...[visit, payerPlan].flatMap((part) => (part ? [part.person] : [])),
    ...[...events, ...notes, ...costs].map((part) => part.person),
  ];
  // Rows that are used only through those that join them.
  if (parts.length === 0) return { kind: "person", person: "null::varchar", records: [] };
  if (ids.length === 0) return { kind: "nobody" };
  const [sql, ...others] = new Set(ids.map((id) => valueSql(id, columns)));
  const ofOthers = mapping.provider !== undefined || mapping.careSite !== undefined;
  if (others.length > 0 || ofOthers) return { kind: "mixed" };
  // Of a file of nothing but visits or insurance periods each has landed once.
  const told = [...(parts.length > 1 ? [visit, payerPlan] : []), ...costs].flatMap((part) => part?.id ?? []);
  return { kind: "person", person: sql!, records: told.map((id) => valueSql(id, columns)) };
}

/** Whose the rows are that lie there, from `from`. Where one record is told of by rows of several persons they are mixed. */
export async function ownerOfLandedRows(warehouse: Warehouse, from: string, owner: OwnerOfRows): Promise<OwnerOfRows> {
  if (owner.kind !== "person") return owner;
  for (const id of owner.records) {
    const shared = await warehouse.row(
      `select 1 from (select ${id} as id, ${owner.person} as person from ${from}) where id is not null
       group by id having count(distinct coalesce(person, '')) > 1 limit 1`,
    );
    if (shared) return { kind: "mixed" };
  }
  return owner;
}
