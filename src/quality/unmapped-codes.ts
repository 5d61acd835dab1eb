import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Filled } from "../omop/map-to-omop.ts";
import type { Stage } from "../pipeline/stage.ts";
import { mustBeLocal } from "../warehouse/places.ts";
import { literal, sqlText } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";

/**
 * Writes the codes that have no standard concept as `unmapped.csv` into a folder, those that most rows want first, in the form of
 * OMOP's SOURCE_TO_CONCEPT_MAP with target_concept_id 0. Filled in, the file is loaded as a part of the vocabulary; lines that
 * still say 0 do not count. A code of an unknown system has its URI for source_vocabulary_id. Codes sent without a system,
 * words sent without a code, and values of the concept map are no rules to be: they are only in `mapping.unmapped`.
 *
 * @example
 * await pipeline(fhirFiles("bundles/"), mapToOmop(), unmappedCodes("out/")).run(warehouse);
 * // A copy of out/unmapped.csv is filled in, because the next run writes that file anew, and then:
 * await using again = await openWarehouse("warehouse.duckdb", { vocabulary: ["athena/", "filled.csv"] });
 */
export function unmappedCodes(folder: string): Stage<Filled, void, Warehouse> {
  mustBeLocal("unmapped.csv is written", folder);
  return {
    name: "unmappedCodes",
    async execute(_filled, { target: warehouse, signal }) {
      await mkdir(folder, { recursive: true });
      const path = join(folder, "unmapped.csv");
      const copy = sqlText(import.meta.url, "sql/unmapped-codes.sql", { path: literal(`${path}.tmp`) });
      await warehouse.run(copy, undefined, { signal });
      await rename(`${path}.tmp`, path);
    },
  };
}
