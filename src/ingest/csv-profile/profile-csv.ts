import { basename } from "node:path";
import { csvFileKey } from "../../../schemas/csv-mapping.ts";
import { loadVocabulary } from "../../vocabulary/load-vocabulary.ts";
import { identifier, literalList, sqlText } from "../../warehouse/sql-text.ts";
import { openWarehouse, type Warehouse } from "../../warehouse/warehouse.ts";
import { type ScannedCsv, scanCsv } from "../csv-scan.ts";
import { findFiles } from "../find-files.ts";
import { codeShapes, isCodeName, type LikelyCodeSystem, likelyCodeSystems, shapeCounts } from "./code-shapes.ts";
import { mayIdentify, nameKey } from "./column-roles.ts";
import { type CountedColumn, type CsvColumnType, dateCounts, guessType, yearFormat } from "./column-types.ts";
import { readForProfile } from "./read-for-profile.ts";

/** What one column of a file holds. */
export interface CsvColumnProfile {
  readonly name: string;
  readonly type: CsvColumnType;
  /** Values that are not of that type: at most 2 in 100. */
  readonly exceptions: number;
  readonly filled: number;
  readonly empty: number;
  /** Different values; of files with more than 100,000 rows near enough (about 2 %). */
  readonly distinct: number;
  /** Characters of the longest value. */
  readonly longest: number;
  /** How dates are written, in the words of strptime; several where days and months cannot be told apart. */
  readonly dateFormats: readonly string[];
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
const exactUpTo = 100_000;
const mostValues = 50;
/** A value that fewer rows share is not shown, nor the range of fewer values. */
const fewestRows = 5;

/**
 * Says what is in CSV files, so that a mapping can be written for them: columns, types, code systems, dates. Inputs are files,
 * folders or globs. A file that cannot be read says why and has no columns.
 *
 * Values are shown only of columns with at most 50 different ones whose names do not say that they point to a person, and
 * of these only values that at least 5 rows share; never dates, numbers with fractions, or UUIDs. Ranges need 5 values. This
 * cannot know every name: look through the output before you pass it on.
 *
 * Each file is read three times; DuckDB does the work in sets and spills to disk what does not fit into 1 GB. Rejects with
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

async function profileColumns(
  warehouse: Warehouse,
  header: readonly string[],
  {
    name: file,
    rows,
    hasVocabulary,
  }: { readonly name: string; readonly rows: number; readonly hasVocabulary: boolean },
): Promise<CsvColumnProfile[]> {
  const counted = await warehouse.rows<CountedColumn>(
    sqlText(import.meta.url, "columns.sql", {
      distinct: rows <= exactUpTo ? "count(distinct text)" : "approx_count_distinct(text)",
      dates: dateCounts,
      shapes: shapeCounts,
    }),
  );
  const codes = hasVocabulary ? await countFoundCodes(warehouse, counted) : undefined;
  const byName = new Map(counted.map((column) => [column.name, column]));
  const columns = header.map((name) => describeColumn(name, byName.get(name), { file, rows, codes }));
  const shown = columns.filter(maySayItsValues).map(({ name }) => name);
  if (shown.length === 0) return columns;
  const values = await warehouse.rows<{ name: string; values: { value: string; rows: number }[] }>(
    sqlText(import.meta.url, "values.sql", { columns: shown.map(identifier).join(", ") }),
  );
  const valuesOf = new Map(values.map(({ name, values }) => [name, values.filter((one) => one.rows >= fewestRows)]));
  return columns.map((column) => ({ ...column, values: valuesOf.get(column.name) }));
}

/** How many different values of a column each vocabulary knows: column → vocabulary → count. */
type FoundCodes = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Only columns that are named or look like codes are looked up: small numbers are codes of some vocabulary, too. */
async function countFoundCodes(warehouse: Warehouse, columns: readonly CountedColumn[]): Promise<FoundCodes> {
  const sought = columns.filter(
    ({ name, filled, shapes }) =>
      isCodeName(nameKey(name)) || shapes.some(({ vocabulary, fits }) => saysMuch(vocabulary) && fits > filled / 2),
  );
  if (sought.length === 0) return new Map();
  const rows = await warehouse.rows<{ name: string; vocabulary: string; found: number }>(
    sqlText(import.meta.url, "codes-found.sql", {
      columns: sought.map(({ name }) => identifier(name)).join(", "),
      vocabularies: literalList(codeShapes.map(({ vocabulary }) => vocabulary)),
    }),
  );
  const ofColumn = (column: string) =>
    new Map(rows.filter(({ name }) => name === column).map(({ vocabulary, found }) => [vocabulary, found]));
  return new Map(sought.map(({ name }) => [name, ofColumn(name)]));
}

const saysMuch = (vocabulary: string) => codeShapes.some((shape) => shape.vocabulary === vocabulary && !shape.named);

function describeColumn(
  name: string,
  counted: CountedColumn | undefined,
  { file, rows, codes }: { readonly file: string; readonly rows: number; readonly codes: FoundCodes | undefined },
): CsvColumnProfile {
  if (!counted) {
    const nothing = {
      exceptions: 0,
      filled: 0,
      empty: rows,
      distinct: 0,
      longest: 0,
      dateFormats: [],
      codeSystems: [],
    };
    return { name, type: "empty", ...nothing };
  }
  const { filled, distinct, longest, shapes } = counted;
  const guessed = guessType(counted);
  const found = codes?.get(name);
  const isWord = guessed.type === "text" || guessed.type === "integer";
  const codeSystems = !isWord
    ? []
    : likelyCodeSystems({
        column: nameKey(name),
        file: nameKey(file),
        shapeOf: (vocabulary) => shapes.find((shape) => shape.vocabulary === vocabulary)!.fits / filled,
        foundOf: found && ((vocabulary) => Math.min(1, (found.get(vocabulary) ?? 0) / distinct)),
      });
  const type = codeSystems.length > 0 ? "code" : guessed.type;
  return {
    name,
    ...guessed,
    type,
    exceptions: type === "code" ? 0 : guessed.exceptions,
    filled,
    empty: rows - filled,
    distinct,
    longest,
    range: type === "code" || filled < fewestRows || mayIdentify(name) ? undefined : rangeOf(counted, guessed),
    codeSystems,
  };
}

function rangeOf(
  { least, greatest, dates }: CountedColumn,
  { type, dateFormats }: { readonly type: CsvColumnType; readonly dateFormats: readonly string[] },
): readonly [number, number] | undefined {
  const isNumber = type === "integer" || type === "decimal";
  const days = dates.find(({ format }) => format === dateFormats[0]);
  const years = [days?.first_year, days?.last_year, ...(dateFormats.includes(yearFormat) ? [least, greatest] : [])];
  const ends = (isNumber ? [least, greatest] : years).filter((end) => typeof end === "number");
  return ends.length === 0 ? undefined : [Math.min(...ends), Math.max(...ends)];
}

function maySayItsValues({ name, type, distinct }: CsvColumnProfile): boolean {
  return ["text", "integer", "boolean", "code"].includes(type) && distinct <= mostValues && !mayIdentify(name);
}
