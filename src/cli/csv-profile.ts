import { nameOfDelimiter } from "../ingest/csv-header.ts";
import { draftCsvMapping } from "../ingest/csv-profile/draft-mapping.ts";
import {
  type CsvColumnProfile,
  type CsvFileProfile,
  type ProfileCsvOptions,
  profileCsv,
} from "../ingest/csv-profile/profile-csv.ts";
import { textTable } from "./table.ts";

/** `omopipe csv profile`. */
export async function csvProfile(
  inputs: readonly string[],
  { format, ...options }: ProfileCsvOptions & { readonly format: "table" | "json" | "mapping" },
): Promise<void> {
  const files = await profileCsv(inputs, options);
  if (format === "json") process.stdout.write(`${JSON.stringify(files, null, 2)}\n`);
  else if (format === "mapping") process.stdout.write(draftCsvMapping(files));
  else process.stdout.write(`${files.map(describe).join("\n")}\n${whatIsShown}`);
}

const whatIsShown =
  "Values are shown of columns with at most 50 different ones whose names do not point to a person, and only those that at least\n" +
  "5 rows share. Names are no proof: look through this before you pass it on.\n";

function describe({ path, rows, unreadable, delimiter, problem, columns }: CsvFileProfile): string {
  if (problem !== undefined) return `${path}: ${problem}\n`;
  const refused = unreadable === 0 ? "" : `, ${unreadable} that cannot be read`;
  const title = `${path}: ${rows} rows${refused}, separated by ${nameOfDelimiter(delimiter)}`;
  return `${title}\n${textTable(columns.map((column) => describeColumn(column, rows)))}`;
}

function describeColumn(column: CsvColumnProfile, rows: number) {
  const { name, type, exceptions, filled, distinct, longest, range, values = [] } = column;
  return {
    column: name,
    type: exceptions === 0 ? type : `${type}, ${exceptions} not`,
    filled: rows === 0 ? "" : `${floorPercent(filled / rows)} %`,
    different: distinct === rows && rows > 1 ? "all" : String(distinct),
    longest,
    range: range === undefined ? "" : range.join(" – "),
    looks_like: looksLike(column),
    values: shorten(
      values
        .slice(0, 5)
        .map(({ value, rows: count }) => `${value} (${count})`)
        .join(", "),
    ),
  };
}

function looksLike({ dateFormats, timeFormat = "", decimalComma, codeSystems }: CsvColumnProfile): string {
  const codes = codeSystems.map(({ vocabulary, found }) =>
    found === undefined ? vocabulary : `${vocabulary} (${floorPercent(found)} % found)`,
  );
  const dates = dateFormats.map((day) => `${day}${timeFormat}`).join(" or ");
  return [dates, decimalComma ? "decimal comma" : "", ...codes].filter((part) => part !== "").join(", ");
}

/** 100 % only where it is all. */
function floorPercent(share: number): number {
  return Math.floor(share * 100);
}

function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}
