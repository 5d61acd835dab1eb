import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { messageOf } from "../pipeline/errors.ts";
import type { Batch } from "../pipeline/stage.ts";
import type { Problem } from "./quarantine.ts";

/** A line of a text file, counted from 1: its text, or why it could not be read. */
export type Line = { readonly line: number; readonly text: string } | ({ readonly line: number } & Problem);

/** No FHIR resource is this long; beyond it a line is a broken file. 256 MB, half of the longest string of Node.js. */
const longestLine = 256 * 1024 * 1024;
const batchBytes = 8 * 1024 * 1024;
const newline = 0x0a;

/**
 * The lines of a file, plain or gzip, in batches of about 8 MB. Blank lines are left out but counted, a byte order mark
 * and carriage returns are removed. A file that breaks off (a damaged gzip) ends in one problem at the line it reached.
 */
export async function* readLines(
  path: string,
  gzip: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<Batch<Line>> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let pieces: Buffer[] = [];
  let pending = 0;
  let line = 0;
  let tooLong = false;
  let batch: Line[] = [];
  let size = 0;

  const finishLine = () => {
    line += 1;
    if (tooLong) {
      batch.push({ line, code: "LINE_TOO_LONG", reason: `the line is longer than ${longestLine} bytes` });
    } else if (pending > 0) {
      const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, pending);
      size += pending;
      try {
        const text = decoder.decode(bytes).trim();
        if (text !== "") batch.push({ line, text });
      } catch {
        batch.push({ line, code: "NOT_UTF8", reason: "the line is not UTF-8 text" });
      }
    }
    pieces = [];
    pending = 0;
    tooLong = false;
  };
  const addPiece = (piece: Buffer) => {
    pending += piece.length;
    if (pending > longestLine) {
      tooLong = true;
      pieces = [];
    }
    if (!tooLong && piece.length > 0) pieces.push(piece);
  };

  try {
    for await (const chunk of readBytes(path, gzip, signal)) {
      let start = 0;
      for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
        addPiece(chunk.subarray(start, end));
        finishLine();
        start = end + 1;
      }
      addPiece(chunk.subarray(start));
      if (size < batchBytes) continue;
      yield batch;
      batch = [];
      size = 0;
    }
    if (pending > 0) finishLine();
  } catch (error) {
    signal?.throwIfAborted();
    batch.push({ line: line + 1, code: "FILE_DAMAGED", reason: `the file breaks off here: ${messageOf(error)}` });
  }
  if (batch.length > 0) yield batch;
}

/** The bytes of a file, unpacked if it is gzip. Fails where a gzip file breaks off. */
export async function* readBytes(path: string, gzip: boolean, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: 1 << 20, ...(signal ? { signal } : {}) });
  if (!gzip) {
    yield* file;
    return;
  }
  const unpacked = createGunzip({ chunkSize: 1 << 20 });
  // An error of either stream reaches the reader through `unpacked`, which `pipeline` destroys with it.
  pipeline(file, unpacked).catch(() => {});
  yield* unpacked;
}
