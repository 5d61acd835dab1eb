import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "../pipeline/pipeline.ts";
import type { Stage } from "../pipeline/stage.ts";
import { type LoadedVocabulary, loadVocabulary } from "../vocabulary/load-vocabulary.ts";
import { vocabularyTables } from "../vocabulary/vocabulary-files.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { runPipeline } from "./run-pipeline.ts";
import { textTable } from "./table.ts";

export interface VocabularyLoadOptions {
  readonly warehouse: string;
  readonly vocabularyCache?: string;
}

/** `omopipe vocabulary load`. */
export async function vocabularyLoad(folders: readonly string[], options: VocabularyLoadOptions): Promise<void> {
  const load: Stage<undefined, LoadedVocabulary, Warehouse> = {
    name: "loadVocabulary",
    async execute(_, { target, signal, progress }) {
      let done = 0;
      const onTable = () => progress({ done: done++, total: vocabularyTables.length, unit: "tables" });
      return await loadVocabulary(target, folders, { cache: options.vocabularyCache, signal, onTable });
    },
  };
  await mkdir(dirname(options.warehouse), { recursive: true });
  await runPipeline(options.warehouse, {}, pipeline(load), async (loaded) => {
    process.stdout.write(describe(loaded));
  });
}

function describe({ version, rows, refused, loaded, databases }: LoadedVocabulary): string {
  const tables = Object.entries(rows).map(([table, count]) => ({ table, rows: count }));
  const refusals = refused.map((part) => ({
    refused: part.rows,
    reason: part.reason,
    file: part.path,
    first_line: part.line,
  }));
  const release = version === "" ? "without a named release" : `release ${version}`;
  const parts = [
    textTable(tables),
    refusals.length === 0 ? "" : textTable(refusals),
    `${loaded ? "Loaded" : "Already loaded"}, ${release}.\nKept in ${databases.join(" and ")}\n`,
  ];
  return parts.filter((part) => part !== "").join("\n");
}
