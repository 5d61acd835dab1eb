import { fileURLToPath } from "node:url";
import { listFormat, literal } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import type { UnitAlias } from "./unit-spelling.ts";
import { createUnitMatcher, type UnitConcept, type UnitMatcher } from "./units.ts";

const aliasFile = fileURLToPath(new URL("../../schemas/unit-aliases.csv", import.meta.url));

/**
 * The unit matcher for the attached vocabulary, whole or an excerpt, with the aliases of `schemas/unit-aliases.csv`.
 * Without a vocabulary it matches nothing. Cost: one look through CONCEPT.
 *
 * @example
 * const match = await loadUnitMatcher(warehouse);
 * match({ text: "mmHg" }); // 8876
 */
export async function loadUnitMatcher(warehouse: Pick<Warehouse, "rows">): Promise<UnitMatcher> {
  const concepts = await warehouse.rows<UnitConcept>(
    `select concept_id as "conceptId", concept_code as code
     from vocabulary.concept
     where vocabulary_id = 'UCUM' and domain_id = 'Unit' and standard_concept = 'S' and invalid_reason is null`,
  );
  const aliases = await warehouse.rows<UnitAlias>(
    `select spelling, unit from read_csv(${literal(aliasFile)}, ${listFormat}, nullstr => '', force_not_null => ['unit'],
       columns => {'spelling': 'varchar', 'unit': 'varchar', 'meaning': 'varchar'})`,
  );
  return createUnitMatcher(concepts, aliases);
}
