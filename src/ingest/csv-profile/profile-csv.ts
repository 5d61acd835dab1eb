import { basename } from "node:path";
import { csvFileKey } from "../../../schemas/csv-mapping.ts";
import { loadVocabulary } from "../../vocabulary/load-vocabulary.ts";
import { openWarehouse, type Warehouse } from "../../warehouse/warehouse.ts";
import { type ScannedCsv, scanCsv } from "../csv-scan.ts";
import { findFiles } from "../find-files.ts";
import type { LikelyCodeSystem } from "./code-shapes.ts";
import type { CsvColumnType } from "./column-types.ts";
import { profileColumns } from "./profile-columns.ts";
import { readForProfile } from "./read-for-profile.ts";

/** What one column of a file holds. */
export interface CsvColumnProfile {
  readonly name: string;
  readonly type: CsvColumnType;
  /** Values that are not of that type: at most 2 in 100. Of files with more than 100,000 rows an estimate. */
  readonly exceptions: number;
  readonly filled: number;
  readonly empty: number;
  /** Different values; of files with more than 100,000 rows an estimate, some percent off. */
  readonly distinct: number;
  /** Characters of the longest value. */
  readonly longest: number;
  /** How dates are written, in the words of strptime; several where days and months cannot be told apart. */
  readonly dateFormats: readonly string[];
  /** How a time is written behind the day, where there is one: "T%H:%M:%S%z". */
  readonly timeFormat?: string | undefined;
  /** Whether its numbers have a decimal comma. */
  readonly decimalComma?: true | undefined;
  /** Of numbers the least and greatest; of dates the years; nothing of columns whose names say that they point to a person. */
  readonly range?: readonly [number, number] | undefined;
  readonly codeSystems: readonly LikelyCodeSystem[];
  /** The values that stand in most rows. See {@link profileCsv} for which are shown at all. */
  readonly values?: readonly { readonly value: string; readonly rows: number }[] | undefined;
}

/** What one file holds. */
export interface CsvFileProfile {
  readonly path: string;
  /** Its name as a mapping has it: "conditions.csv". */
  readonly name: string;
  readonly delimiter: string;
  readonly rows: number;
  /** Rows that could not be read. */
  readonly unreadable: number;
  /** Why the file could not be read at all. */
  readonly problem?: string | undefined;
  readonly columns: readonly CsvColumnProfile[];
}

export interface ProfileCsvOptions {
  /** A vocabulary, as for `openWarehouse`: codes are then looked up in it, and not only judged by what they look like. */
  readonly vocabulary?: string | readonly string[] | undefined;
  /** The folder for the databases that vocabularies are loaded into. Default: beside the files themselves. */
  readonly vocabularyCache?: string | undefined;
  /** Stops the work, which then rejects with the reason of the signal. */
  readonly signal?: AbortSignal | undefined;
}

const endings = /\.(csv|tsv|txt)(\.gz)?$/i;
/**
 * Says what is in CSV files, so that a mapping can be written for them: columns, types, code systems, dates. Inputs are files,
 * folders or globs. A file that cannot be read says why and has no columns.
 *
 * Values are shown only of columns with at most 50 different ones whose names do not say that they point to a person, and
 * of these only values that at least 5 rows share; never dates, numbers with fractions, or UUIDs. Ranges need 5 values. This
 * cannot know every name: look through the output before you pass it on.
 *
 * DuckDB does the work in sets and spills to disk what does not fit into 1 GB. What values look like is judged by 100,000 rows
 * of a file, taken from all of it; counts, longest values and ranges of numbers are those of all rows. Rejects with
 * INPUT_NOT_FOUND when there is no such file, and with the errors of `loadVocabulary`.
 *
 * @example
 * const files = await profileCsv("export/", { vocabulary: "athena/" });
 * console.log(draftCsvMapping(files));
 */
export async function profileCsv(
  inputs: string | readonly string[],
  { vocabulary, vocabularyCache, signal }: ProfileCsvOptions = {},
): Promise<CsvFileProfile[]> {
  const paths = await findFiles([inputs].flat(), endings);
  await using warehouse = await openWarehouse(":memory:", { vocabulary, vocabularyCache });
  if (vocabulary !== undefined) {
    await loadVocabulary(warehouse, warehouse.vocabulary, { cache: vocabularyCache, signal });
  }
  const profiles: CsvFileProfile[] = [];
  for (const path of paths) {
    const file = await scanCsv(path, {}, signal);
    profiles.push(await profileFile(warehouse, file, { hasVocabulary: vocabulary !== undefined, signal }));
  }
  return profiles;
}

async function profileFile(
  warehouse: Warehouse,
  file: ScannedCsv,
  { hasVocabulary, signal }: { readonly hasVocabulary: boolean; readonly signal: AbortSignal | undefined },
): Promise<CsvFileProfile> {
  const { path, delimiter, records, problem } = file;
  const profile = { path, name: csvFileKey(basename(path)), delimiter };
  if (problem) return { ...profile, rows: 0, unreadable: 0, problem: problem.reason, columns: [] };
  const rows = await readForProfile(warehouse, file, signal);
  const columns = await profileColumns(warehouse, file.header, { name: profile.name, rows, hasVocabulary });
  await warehouse.run("drop table profiled_file");
  return { ...profile, rows, unreadable: records - rows, columns };
}
