import { loadVocabulary } from "../vocabulary/load-vocabulary.ts";
import { openWarehouse } from "../warehouse/warehouse.ts";
import { textTable } from "./table.ts";

/** `omopipe vocabulary load`. */
export async function vocabularyLoad(folder: string, options: { readonly warehouse: string }): Promise<void> {
  await using warehouse = await openWarehouse(options.warehouse);
  const { version, rows, loaded } = await loadVocabulary(warehouse, folder);
  process.stdout.write(textTable(Object.entries(rows).map(([table, count]) => ({ table, rows: count }))));
  const release = version === "" ? "without a named release" : `release ${version}`;
  process.stdout.write(`${loaded ? "Loaded" : "Already loaded"}, ${release}.\n`);
}
