import { cellsOf } from "./csv-cells.ts";
import { createCsvSplitter } from "./csv-splitter.ts";
import type { Problem } from "./quarantine.ts";

/** How the first line of a CSV file says the rest is to be read. */
export interface CsvHeader {
  readonly delimiter: string;
  /** The names of the columns, each once; a column without name is called column_1, column_2, … */
  readonly header: readonly string[];
}

/** The header, or why there is none; and all bytes, those of the header among them. */
export interface CsvWithHeader {
  readonly head: CsvHeader | Problem;
  /** Whether a line above the header names the delimiter. */
  readonly delimiterNamed: boolean;
  readonly chunks: AsyncIterable<Buffer>;
}

const longestHeader = 1 << 20;
const usualHeader = 1 << 12;
const delimiters = { ",": "comma", "\t": "tab", ";": "semicolon", "|": "bar" } as const;

/** What people call a delimiter. */
export const nameOfDelimiter = (delimiter: string): string => delimiters[delimiter as ","] ?? delimiter;

/** The delimiter that a line `sep=;` names, as Excel reads and writes it above the header. */
export const delimiterNamedBy = (line: string): string | undefined => /^"?sep=(.)"?$/i.exec(line)?.[1];

/**
 * Reads as far as the header goes. Without `delimiter` it is the one that the line above it names, else the one of the usual
 * four that cuts the header into most pieces.
 */
export async function readCsvHeader(chunks: AsyncIterable<Buffer>, delimiter?: string): Promise<CsvWithHeader> {
  const more = chunks[Symbol.asyncIterator]();
  let start: Buffer = Buffer.alloc(0);
  let head: CsvHeader | Problem | undefined;
  while (head === undefined) {
    const { done, value } = await more.next();
    if (!done) start = start.length === 0 ? value : Buffer.concat([start, value]);
    head = await headOf(start, done === true, delimiter);
  }
  return { head, delimiterNamed: delimiterNamedBy(firstLine(start)) !== undefined, chunks: joined(start, more) };
}

async function* joined(start: Buffer, more: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (start.length > 0) yield start;
    for (let next = await more.next(); !next.done; next = await more.next()) yield next.value;
  } finally {
    await more.return?.();
  }
}

/** Undefined: there must be more of the file to tell. */
async function headOf(start: Buffer, isAll: boolean, given?: string): Promise<CsvHeader | Problem | undefined> {
  const line = firstLine(start);
  const named = delimiterNamedBy(line);
  const delimiter = given ?? named ?? delimiterOf(line);
  const first = recordAt(named === undefined ? 0 : 1, start, isAll, delimiter);
  if (first === undefined) {
    if (isAll) return { code: "NO_HEADER", reason: "the file is empty" };
    if (start.length < longestHeader) return undefined;
    return { code: "NO_HEADER", reason: "its first line, which must name the columns, is longer than 1 MB" };
  }
  if ("code" in first) return { code: "NO_HEADER", reason: `its first line cannot be read: ${first.reason}` };
  const [cells] = await cellsOf([first.text], delimiter);
  return { delimiter, header: uniqueNames(cells!.map((cell) => (cell ?? "").trim())) };
}

function firstLine(start: Buffer): string {
  return start
    .subarray(0, longestHeader)
    .toString("utf8")
    .replace(/^[\r\n]+/, "")
    .split(/[\r\n]/, 1)[0]!;
}

/** It is sought in a little of the bytes first: to cut all of them into records would take longer than to read them. */
function recordAt(place: number, start: Buffer, isAll: boolean, delimiter: string) {
  const inPart = createCsvSplitter(delimiter, undefined).push(start.subarray(0, usualHeader))[place];
  if (inPart && !("code" in inPart)) return inPart;
  const splitter = createCsvSplitter(delimiter, undefined);
  return [...splitter.push(start), ...(isAll ? splitter.end() : [])][place];
}

function delimiterOf(line: string): string {
  const outsideQuotes = line.replace(/"(?:[^"]|"")*("|$)/g, "");
  const pieces = (delimiter: string) => outsideQuotes.split(delimiter).length;
  return Object.keys(delimiters).reduce((best, next) => (pieces(next) > pieces(best) ? next : best));
}

function uniqueNames(header: readonly string[]): string[] {
  const taken = new Set(["landing_place", "landing_source", "landing_file", "landing_row", "landing_line"]);
  return header.map((cell, i) => {
    const name = cell === "" ? `column_${i + 1}` : cell;
    let unique = name;
    for (let n = 2; taken.has(unique.toLowerCase()); n++) unique = `${name}_${n}`;
    taken.add(unique.toLowerCase());
    return unique;
  });
}
