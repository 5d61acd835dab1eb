import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { cdmTables } from "../../schemas/cdm.ts";
import type { Filled } from "../omop/map-to-omop.ts";
import { messageOf, OmopipeError } from "../pipeline/errors.ts";
import type { Stage } from "../pipeline/stage.ts";
import { openTableFile, rowsOf } from "../vocabulary/table-file.ts";
import { mustBeLocal } from "../warehouse/places.ts";
import { identifier, literal, sqlText } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";

/**
 * Writes the codes that have no standard concept as `unmapped.csv` into a folder, those that most rows want first, in the form of
 * OMOP's SOURCE_TO_CONCEPT_MAP with target_concept_id 0. Filled in, the file is loaded as a part of the vocabulary; lines that
 * still say 0 do not count. A code of an unknown system has its URI for source_vocabulary_id. Codes sent without a system,
 * words sent without a code, and values of the concept map are no rules to be: they are only in `mapping.unmapped`.
 *
 * What is filled in in an `unmapped.csv` that is there stays in it, below the rest. Throws VOCABULARY_INVALID when it cannot be read.
 *
 * @example
 * await pipeline(fhirFiles("bundles/"), mapToOmop(), unmappedCodes("out/")).run(warehouse);
 * // out/unmapped.csv is filled in, and then:
 * await using again = await openWarehouse("warehouse.duckdb", { vocabulary: ["athena/", "out/unmapped.csv"] });
 */
export function unmappedCodes(folder: string): Stage<Filled, void, Warehouse> {
  mustBeLocal("unmapped.csv is written", folder);
  return {
    name: "unmappedCodes",
    async execute(_filled, { target: warehouse, signal }) {
      await mkdir(folder, { recursive: true });
      const path = join(folder, "unmapped.csv");
      await readEarlierList(warehouse, path, signal);
      const copy = sqlText(import.meta.url, "sql/unmapped-codes.sql", { path: literal(`${path}.tmp`) });
      await warehouse.run(copy, undefined, { signal });
      // A file that is as it was keeps its time: as a part of the vocabulary it would have to be loaded again.
      if (existsSync(path) && (await readFile(path)).equals(await readFile(`${path}.tmp`))) await rm(`${path}.tmp`);
      else await rename(`${path}.tmp`, path);
    },
  };
}

const sourceToConceptMap = cdmTables.find(({ table }) => table === "source_to_concept_map")!;

/** The lines of the list that is there, as the table `earlier_list`. */
async function readEarlierList(warehouse: Warehouse, path: string, signal: AbortSignal): Promise<void> {
  const columns = sourceToConceptMap.columns.map(({ name }) => `${name} varchar`);
  await warehouse.run(`create or replace temp table earlier_list (${columns.join(", ")})`);
  if (!existsSync(path)) return;
  try {
    const file = await openTableFile(warehouse, path, sourceToConceptMap, signal);
    const found = file.columns.map(({ name }) => identifier(name)).join(", ");
    const insert = `insert into earlier_list by name select ${found} from ${rowsOf(file, "ignore_errors => false")}`;
    await warehouse.run(insert, undefined, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    const message = `${path} is there and cannot be read: ${messageOf(cause)}. What is filled in in it would be lost; move it away.`;
    throw new OmopipeError("VOCABULARY_INVALID", message, { cause });
  }
}
