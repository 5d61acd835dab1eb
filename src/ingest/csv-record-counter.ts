/** Counts the records of a CSV file, chunk by chunk. */
export interface RecordCounter {
  push(chunk: Buffer): void;
  /** The records after the header, and why the file is not safe to be read in one go: the careful reader must. */
  end(): { records: number; unsafe?: Unsafe };
}

type Unsafe = "OPEN_QUOTE" | "STRAY_QUOTE" | "MIXED_LINE_ENDS" | "LONG_RECORD" | "SURPLUS_FIELD" | "NUL_CHARACTER";

/** DuckDB's reader keeps whole records in memory. */
const longestSafe = 64 * 1024 * 1024;

const quote = 0x22;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const firstBeyondAscii = 0x7f;

const fieldStart = 0;
/** Nothing but spaces, so far. */
const blank = 1;
/** No character yet that every reader holds for one of a word. */
const odd = 2;
const plain = 3;
const quoted = 4;
const quoteSeen = 5;

/**
 * A record ends at a line end outside quotes; blank lines are none. A quote opens only at the start of a field, as in
 * RFC 4180, and doubled inside stands for itself. Lines without quotes, which are most, are passed over by native search.
 */
export function createRecordCounter(delimiter: number): RecordCounter {
  let state = fieldStart;
  let filled = false;
  let afterReturn = false;
  let records = 0;
  let sinceRecord = 0;
  let longest = 0;
  let delimiters = 0;
  let delimitersOfHeader = 0;
  let hasNul = false;
  // A quote behind a blank, or something behind the quote that closes a field: readers differ in what they make of it.
  let stray = false;
  // DuckDB lets an empty field too many pass.
  let surplus = false;
  const ends = { lineFeed: 0, carriageReturn: 0, both: 0 };

  const endRecord = () => {
    if (records === 0) delimitersOfHeader = delimiters;
    else if ((state === fieldStart || state === quoteSeen) && delimiters > delimitersOfHeader) surplus = true;
    records += 1;
  };

  const endLine = (byte: number) => {
    if (byte === lineFeed && afterReturn) {
      ends.carriageReturn -= 1;
      ends.both += 1;
      afterReturn = false;
      return;
    }
    ends[byte === lineFeed ? "lineFeed" : "carriageReturn"] += 1;
    afterReturn = byte === carriageReturn;
    if (filled || state !== fieldStart) endRecord();
    filled = false;
    delimiters = 0;
    state = fieldStart;
  };

  /** Passes over the lines from a line start on that hold no quote and end in one of the usual ways. */
  const passPlainLines = (chunk: Buffer, from: number, next: Search): number => {
    let start = from;
    for (;;) {
      const end = chunk.indexOf(lineFeed, start);
      if (end === -1 || next(quote, start) < end) return start;
      const hasReturn = next(carriageReturn, start) < end;
      if (hasReturn && next(carriageReturn, start) < end - 1) return start;
      ends[hasReturn ? "both" : "lineFeed"] += 1;
      const last = hasReturn ? end - 2 : end - 1;
      if (last >= start) records += 1;
      if (chunk[last] === delimiter && last >= start && !surplus)
        surplus = countOf(delimiter, chunk, start, end) > delimitersOfHeader;
      longest = Math.max(longest, sinceRecord + end - start);
      sinceRecord = 0;
      start = end + 1;
    }
  };

  /** Reads bytes up to the end of the line, or of the chunk, and gives where it is. */
  const passLine = (chunk: Buffer, from: number, next: Search): number => {
    // The loop works on a local copy of the state, which is twice as fast.
    let now = state;
    for (let i = from; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if (now === quoted) {
        i = next(quote, i);
        if (i < chunk.length) now = quoteSeen;
      } else if (byte === lineFeed || byte === carriageReturn) {
        state = now;
        endLine(byte);
        longest = Math.max(longest, sinceRecord + i - from);
        sinceRecord = 0;
        return i + 1;
      } else if (byte === delimiter) {
        now = fieldStart;
        delimiters += 1;
        filled = true;
        afterReturn = false;
      } else if (now !== plain) {
        if (byte === quote && (now === blank || now === odd)) stray = true;
        if (byte !== quote && now === quoteSeen) stray = true;
        if (byte === quote && now !== odd) now = quoted;
        else if (byte === space && (now === fieldStart || now === blank)) now = blank;
        else now = byte > space && byte < firstBeyondAscii ? plain : odd;
        afterReturn = false;
      }
    }
    state = now;
    sinceRecord += chunk.length - from;
    return chunk.length;
  };

  return {
    push(chunk) {
      const next = searchIn(chunk);
      hasNul ||= chunk.includes(0);
      for (let i = 0; i < chunk.length; ) {
        const atLineStart = state === fieldStart && !filled && !afterReturn;
        if (atLineStart && records > 0) i = passPlainLines(chunk, i, next);
        if (i < chunk.length) i = passLine(chunk, i, next);
      }
    },
    end() {
      if (filled || state !== fieldStart) endRecord();
      const unsafe = whyUnsafe();
      return { records: Math.max(0, records - 1), ...(unsafe && { unsafe }) };
    },
  };

  function whyUnsafe(): Unsafe | undefined {
    if (state === quoted) return "OPEN_QUOTE";
    if (stray) return "STRAY_QUOTE";
    if (hasNul) return "NUL_CHARACTER";
    if (Object.values(ends).filter((count) => count > 0).length > 1) return "MIXED_LINE_ENDS";
    if (surplus) return "SURPLUS_FIELD";
    return Math.max(longest, sinceRecord) > longestSafe ? "LONG_RECORD" : undefined;
  }
}

function countOf(byte: number, chunk: Buffer, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) if (chunk[i] === byte) count += 1;
  return count;
}

/** Where a byte comes next, from a place on; the length of the chunk where it does not. */
type Search = (byte: number, from: number) => number;

/** Keeps what was found, so that nothing is searched twice. Bytes are sought from front to back. */
function searchIn(chunk: Buffer): Search {
  const found = new Map<number, number>();
  return (byte, from) => {
    const known = found.get(byte) ?? -1;
    if (known >= from) return known;
    const place = chunk.indexOf(byte, from);
    const there = place === -1 ? chunk.length : place;
    found.set(byte, there);
    return there;
  };
}
