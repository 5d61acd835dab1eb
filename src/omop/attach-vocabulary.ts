import { OmopipeError } from "../pipeline/errors.ts";
import type { StageContext } from "../pipeline/stage.ts";
import { attachNoVocabulary, loadVocabulary, rememberedVocabulary } from "../vocabulary/load-vocabulary.ts";
import { howToGetVocabulary, vocabularyTables } from "../vocabulary/vocabulary-files.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";

/** What is said where mapping has no vocabulary and was not told to do without. */
export function vocabularyMissing(): OmopipeError {
  return new OmopipeError(
    "VOCABULARY_MISSING",
    `No vocabulary is loaded, so no code can become a concept. ${howToGetVocabulary}, ` +
      "or go on without one (--no-vocabulary): all codes are then kept with concept 0.",
  );
}

/**
 * Attaches the vocabulary that the warehouse was opened with, else the one that it was loaded with before, and gives its
 * release. Throws VOCABULARY_MISSING when there is neither; `noVocabulary` then means an empty one.
 */
export async function attachVocabulary(
  { target: warehouse, signal, warn, progress }: StageContext<Warehouse>,
  { noVocabulary = false }: { readonly noVocabulary?: boolean | undefined },
): Promise<string> {
  if (noVocabulary) {
    warn(`No vocabulary: all codes are kept with concept 0. ${howToGetVocabulary}.`);
    await attachNoVocabulary(warehouse);
    return "";
  }
  const { vocabulary: paths, vocabularyCache: cache } = warehouse;
  const place = paths.length > 0 ? { paths, cache } : await rememberedVocabulary(warehouse);
  if (!place) throw vocabularyMissing();
  let done = 0;
  const onTable = () => progress({ done: done++, total: vocabularyTables.length, unit: "vocabulary tables" });
  const { version, refused } = await loadVocabulary(warehouse, place.paths, {
    cache: place.cache,
    signal,
    onTable,
  }).catch((cause) => {
    if (paths.length > 0 || !(cause instanceof OmopipeError)) throw cause;
    throw new OmopipeError(
      cause.code,
      `The vocabulary that this warehouse used last is no longer as it was. ${cause.message} ` +
        "Where it was moved, name its new place.",
      { cause },
    );
  });
  for (const { path, rows, reason } of refused) warn(`${path}: ${rows} rows were not loaded: ${reason}.`);
  return version;
}
