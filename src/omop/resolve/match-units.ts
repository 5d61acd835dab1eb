import { loadUnitMatcher } from "../../vocabulary/load-unit-matcher.ts";
import type { WrittenUnit } from "../../vocabulary/units.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";

/** Matches the units in use, each once, with the vocabulary: `unit_in_use` → `unit_match` (`units.sql`). */
export async function matchUnits(warehouse: Warehouse): Promise<void> {
  const match = await loadUnitMatcher(warehouse);
  const units = await warehouse.rows<WrittenUnit & { code_key: number | bigint }>("from unit_in_use");
  const matches = units.map(({ code_key, ...unit }) => ({ code_key, concept_id: match(unit) }));
  await warehouse.append(
    "unit_match",
    matches.filter(({ concept_id }) => concept_id !== undefined),
  );
}
