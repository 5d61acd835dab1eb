import { isUtf8 } from "node:buffer";
import type { Problem } from "./quarantine.ts";

/** A record of a CSV file as it stands there, without its line end. */
export interface CsvRecord {
  /** The line on which it begins, counted from 1. */
  readonly line: number;
  readonly text: string;
}

/** A record that cannot be read: where, why, and what stands there. */
export interface BadRecord extends Problem {
  readonly line: number;
  /** The cell in which it goes wrong, counted from 0; undefined: none in particular. */
  readonly cell?: number | undefined;
  /** What stands in that cell. */
  readonly value?: string | undefined;
  /** As it stands there; undefined where it is too long to be kept. */
  readonly text?: string | undefined;
}

/** Cuts a CSV file into its records, chunk by chunk. */
export interface CsvSplitter {
  /** The records that end in this chunk. */
  push(chunk: Buffer): (CsvRecord | BadRecord)[];
  /** What is left. */
  end(): (CsvRecord | BadRecord)[];
}

/** The longest record that is read; as DuckDB's reader has it. */
export const longestRecord = 2 * 1024 * 1024;
/** How far a quote is followed to where it closes, before it is held for a stray one. */
const longestQuote = 16 * 1024 * 1024;

const quote = 0x22;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;

type State = "start" | "plain" | "quoted" | "closed";

/**
 * A record ends at a line end (LF, CRLF or CR, also mixed) outside quotes; blank lines are none. A quote opens at the start of
 * a cell, and doubled inside stands for itself. Where quotes are broken, the line on which the record begins is bad and
 * reading goes on with the next line, so that a stray quote costs one line and not the rest of the file.
 */
export function createCsvSplitter(delimiter: string, columns: number | undefined): CsvSplitter {
  const separator = delimiter.charCodeAt(0);
  let rest: Buffer = Buffer.alloc(0);
  let line = 1;
  // Whether what comes next is left of a line that was too long.
  let skipping = false;
  // How far the record at the start of `rest` was read.
  let at = 0;
  let state: State = "start";
  let cells = 1;
  let cellStart = 0;
  let lines = 0;

  const restart = (from: number, lineEnds: number) => {
    rest = rest.subarray(from);
    line += lineEnds;
    at = 0;
    state = "start";
    cells = 1;
    cellStart = 0;
    lines = 0;
  };

  /** Past the line end at a place; undefined where the next chunk may hold the rest of it. */
  const pastLineEnd = (end: number, isLast: boolean): number | undefined => {
    if (rest[end] === lineFeed) return end + 1;
    if (end + 1 === rest.length && !isLast) return undefined;
    return rest[end + 1] === lineFeed ? end + 2 : end + 1;
  };

  const wholeRecord = (end: number): CsvRecord | BadRecord => {
    const bytes = rest.subarray(0, end);
    if (end > longestRecord) return tooLong(line);
    if (!isUtf8(bytes)) {
      return { line, ...notUtf8, ...cellOfNonUtf8(bytes, separator), text: bytes.toString("latin1") };
    }
    const text = bytes.toString("utf8");
    if (columns === undefined || cells === columns) return { line, text };
    const [code, how] = ["WRONG_COLUMN_COUNT", cells < columns ? "fewer" : "more"] as const;
    const cell = cells < columns ? cells : undefined;
    return { line, code, reason: `the row has ${cells} columns, ${how} than the ${columns} of the header`, cell, text };
  };

  /** The line on which the record begins is bad; reading goes on behind it. */
  const badLine = (problem: Problem, isLast: boolean): BadRecord | undefined => {
    const end = lineEndOf(rest);
    if (end === -1 && !isLast && rest.length <= longestRecord) return undefined;
    const past = end === -1 ? rest.length : pastLineEnd(end, isLast);
    if (past === undefined) return undefined;
    const bytes = rest.subarray(0, end === -1 ? rest.length : end);
    const bad: BadRecord =
      bytes.length > longestRecord
        ? tooLong(line)
        : { line, ...problem, cell: cells - 1, value: textOf(bytes.subarray(cellStart)), text: textOf(bytes) };
    const goesOn = end === -1 && !isLast;
    if (goesOn) skipping = true;
    restart(past, goesOn ? 0 : 1);
    return bad;
  };

  /** The next record; undefined where there is no more. */
  const next = (isLast: boolean): CsvRecord | BadRecord | undefined => {
    for (; at < rest.length; at++) {
      const byte = rest[at]!;
      if (state === "quoted") {
        if (byte === quote) state = "closed";
        else if (byte === lineFeed) lines += 1;
      } else if (byte === lineFeed || byte === carriageReturn) {
        const past = pastLineEnd(at, isLast);
        if (past === undefined) return undefined;
        const isBlank = at === 0;
        const record = isBlank ? undefined : wholeRecord(at);
        restart(past, lines + 1);
        if (record) return record;
        at = -1;
      } else if (byte === separator) {
        state = "start";
        cells += 1;
        cellStart = at + 1;
      } else if (byte === quote && state !== "plain") {
        state = "quoted";
      } else if (byte !== space || state === "plain") {
        if (state === "closed") return badLine(textBehindQuote, isLast);
        state = "plain";
      }
    }
    return undefined;
  };

  /** What stands too long without an end is no record, and what is left at the end may be the last. */
  const beyond = (isLast: boolean): BadRecord | CsvRecord | undefined => {
    if (isLast && rest.length > 0 && state !== "quoted") {
      const record = wholeRecord(rest.length);
      restart(rest.length, 0);
      return record;
    }
    if (state === "quoted" && (isLast || rest.length > longestQuote)) return badLine(openQuote, isLast);
    if (state !== "quoted" && rest.length > longestRecord) {
      const bad = tooLong(line);
      skipping = true;
      restart(rest.length, lines);
      return bad;
    }
    return undefined;
  };

  const take = (isLast: boolean) => {
    const records: (CsvRecord | BadRecord)[] = [];
    for (let record = next(isLast) ?? beyond(isLast); record; record = next(isLast) ?? beyond(isLast))
      records.push(record);
    return records;
  };

  return {
    push(chunk) {
      let from = 0;
      if (skipping) {
        // What is left of the line is its end, which makes a blank line of it.
        from = lineEndOf(chunk);
        if (from === -1) return [];
        skipping = false;
      }
      rest = rest.length === 0 ? chunk.subarray(from) : Buffer.concat([rest, chunk.subarray(from)]);
      return take(false);
    },
    end: () => take(true),
  };
}

const textBehindQuote: Problem = {
  code: "BROKEN_QUOTE",
  reason: 'text stands behind the quote that closes a cell; a quote inside quotes must be doubled ("")',
};
const openQuote: Problem = { code: "OPEN_QUOTE", reason: "a quote that opens on this line is never closed" };
const notUtf8: Problem = {
  code: "NOT_UTF8",
  reason: "the row is not UTF-8 text; if the file is written in another encoding, the mapping can say so (encoding)",
};
const tooLong = (line: number): BadRecord => ({ line, code: "LINE_TOO_LONG", reason: "the row is longer than 2 MB" });

const textOf = (bytes: Buffer) => bytes.toString(isUtf8(bytes) ? "utf8" : "latin1");

/** Where the first line of some bytes ends; -1: it does not. */
function lineEndOf(bytes: Buffer): number {
  const feed = bytes.indexOf(lineFeed);
  const carriage = (feed === -1 ? bytes : bytes.subarray(0, feed)).indexOf(carriageReturn);
  return carriage === -1 ? feed : carriage;
}

function cellOfNonUtf8(bytes: Buffer, separator: number): { cell: number; value: string } {
  let cell = 0;
  for (let from = 0; ; cell++) {
    const end = bytes.indexOf(separator, from);
    const content = bytes.subarray(from, end === -1 ? bytes.length : end);
    if (end === -1 || !isUtf8(content)) return { cell, value: content.toString("latin1") };
    from = end + 1;
  }
}
