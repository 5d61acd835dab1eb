import { identifier, literalList, sqlText } from "../../warehouse/sql-text.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import { codeShapes, isCodeName, type LikelyCodeSystem, likelyCodeSystems, shapeCounts } from "./code-shapes.ts";
import { mayIdentify, nameKey } from "./column-roles.ts";
import {
  type ColumnLooks,
  type CountedColumn,
  dateCounts,
  type GuessedType,
  guessType,
  yearFormat,
} from "./column-types.ts";
import type { CsvColumnProfile } from "./profile-csv.ts";

/** So many rows are counted exactly and looked at one by one; of more, as many that lie evenly apart are looked at. */
const rowsLookedAt = 100_000;
const mostValues = 50;
/** A value that fewer rows share is not shown, nor the range of fewer values. */
const fewestRows = 5;

/** The columns of the file that was read into `profiled_file`. */
export async function profileColumns(
  warehouse: Warehouse,
  header: readonly string[],
  file: { readonly name: string; readonly rows: number; readonly hasVocabulary: boolean },
): Promise<CsvColumnProfile[]> {
  const isLarge = file.rows > rowsLookedAt;
  const counted = await warehouse.rows<CountedColumn>(
    sqlText(import.meta.url, "columns.sql", {
      distinct: isLarge ? "approx_count_distinct(text)" : "count(distinct text)",
    }),
  );
  const looks = await warehouse.rows<ColumnLooks>(
    sqlText(import.meta.url, "looks.sql", {
      every: String(isLarge ? Math.ceil(file.rows / rowsLookedAt) : 1),
      dates: dateCounts,
      shapes: shapeCounts,
    }),
  );
  const found = file.hasVocabulary ? await countFoundCodes(warehouse, looks) : undefined;
  const columns = header.map((name): CsvColumnProfile => {
    const column = counted.find((one) => one.name === name);
    const look = looks.find((one) => one.name === name);
    if (column === undefined) return emptyColumn(name, file.rows);
    const codeSystems = look === undefined ? [] : codeSystemsOf(column, look, file.name, found?.get(name));
    return describeColumn(column, look, codeSystems, file.rows);
  });
  return await withValues(warehouse, columns);
}

/** How many different values of a column each vocabulary knows: column → vocabulary → count. */
type FoundCodes = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Only columns that are named or look like codes are looked up: small numbers are codes of some vocabulary, too. */
async function countFoundCodes(warehouse: Warehouse, looks: readonly ColumnLooks[]): Promise<FoundCodes> {
  const saysMuch = new Set(codeShapes.filter(({ named }) => named === undefined).map(({ vocabulary }) => vocabulary));
  const sought = looks.filter(
    ({ name, seen, shapes }) =>
      isCodeName(nameKey(name)) || shapes.some(({ vocabulary, fits }) => saysMuch.has(vocabulary) && fits > seen / 2),
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

function codeSystemsOf(
  { name, distinct }: CountedColumn,
  look: ColumnLooks,
  file: string,
  found: ReadonlyMap<string, number> | undefined,
): LikelyCodeSystem[] {
  const { type } = guessType(look);
  if (type !== "text" && type !== "integer") return [];
  return likelyCodeSystems({
    column: nameKey(name),
    file: nameKey(file),
    shapeOf: (vocabulary) => look.shapes.find((shape) => shape.vocabulary === vocabulary)!.fits / look.seen,
    foundOf: found && ((vocabulary) => Math.min(1, (found.get(vocabulary) ?? 0) / distinct)),
  });
}

function emptyColumn(name: string, rows: number): CsvColumnProfile {
  const nothing = { exceptions: 0, filled: 0, distinct: 0, longest: 0, dateFormats: [], codeSystems: [] };
  return { name, type: "empty", empty: rows, ...nothing };
}

function describeColumn(
  column: CountedColumn,
  look: ColumnLooks | undefined,
  codeSystems: readonly LikelyCodeSystem[],
  rows: number,
): CsvColumnProfile {
  const { name, filled, distinct, longest } = column;
  const guessed: GuessedType = look ? guessType(look) : { type: "text", exceptions: 0, dateFormats: [] };
  const isCode = codeSystems.length > 0;
  const isTold = !isCode && filled >= fewestRows && !mayIdentify(name);
  return {
    name,
    type: isCode ? "code" : guessed.type,
    exceptions: isCode ? 0 : Math.round((guessed.exceptions * filled) / (look?.seen ?? 1)),
    filled,
    empty: rows - filled,
    distinct,
    longest,
    dateFormats: guessed.dateFormats,
    timeFormat: guessed.type === "datetime" ? (look?.time_format ?? undefined) : undefined,
    decimalComma: isCode ? undefined : guessed.decimalComma,
    range: isTold ? rangeOf(column, look, guessed) : undefined,
    codeSystems,
  };
}

function rangeOf(
  { least, greatest }: CountedColumn,
  look: ColumnLooks | undefined,
  { type, dateFormats }: GuessedType,
): readonly [number, number] | undefined {
  const isNumber = type === "integer" || type === "decimal";
  const days = look?.dates.find(({ format }) => format === dateFormats[0]);
  const years = [days?.first_year, days?.last_year, ...(dateFormats.includes(yearFormat) ? [least, greatest] : [])];
  const ends = (isNumber ? [least, greatest] : years).filter((end) => typeof end === "number");
  return ends.length === 0 ? undefined : [Math.min(...ends), Math.max(...ends)];
}

/** The values of columns that have few and may say them. */
async function withValues(warehouse: Warehouse, columns: readonly CsvColumnProfile[]): Promise<CsvColumnProfile[]> {
  const shown = columns.filter(
    ({ name, type, distinct }) =>
      ["text", "integer", "boolean", "code"].includes(type) && distinct <= mostValues && !mayIdentify(name),
  );
  if (shown.length === 0) return [...columns];
  const rows = await warehouse.rows<{ name: string; values: { value: string; rows: number }[] }>(
    sqlText(import.meta.url, "values.sql", { columns: shown.map(({ name }) => identifier(name)).join(", ") }),
  );
  const valuesOf = new Map(rows.map(({ name, values }) => [name, values]));
  return columns.map((column) => {
    const values = valuesOf.get(column.name);
    if (values === undefined) return column;
    return { ...column, distinct: values.length, values: values.filter((one) => one.rows >= fewestRows) };
  });
}
