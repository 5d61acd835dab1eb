import { loadVocabulary } from "../vocabulary/load-vocabulary.ts";
import { openWarehouse } from "../warehouse/warehouse.ts";
import { textTable } from "./table.ts";

export interface VocabularyLoadOptions {
  readonly warehouse: string;
  readonly vocabularyCache?: string;
}

/** `omopipe vocabulary load`. */
export async function vocabularyLoad(folders: readonly string[], options: VocabularyLoadOptions): Promise<void> {
  await using warehouse = await openWarehouse(options.warehouse);
  const { version, rows, refused, loaded, databases } = await loadVocabulary(warehouse, folders, {
    cache: options.vocabularyCache,
    onTable: (table) => process.stderr.write(`Loading ${table}\n`),
  });
  const release = version === "" ? "without a named release" : `release ${version}`;
  const parts = [
    textTable(Object.entries(rows).map(([table, count]) => ({ table, rows: count }))),
    refused.length === 0
      ? ""
      : textTable(
          refused.map(({ path, reason, rows, line }) => ({ refused: rows, reason, file: path, first_line: line })),
        ),
    `${loaded ? "Loaded" : "Already loaded"}, ${release}.\nKept in ${databases.join(" and ")}\n`,
  ];
  process.stdout.write(parts.filter((part) => part !== "").join("\n"));
}
