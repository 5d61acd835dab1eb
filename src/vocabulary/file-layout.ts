import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createGunzip, gunzipSync } from "node:zlib";

/** How a delimited text file is written. */
export interface FileLayout {
  readonly gzip: boolean;
  readonly delimiter: string;
  /** Whether a double quote at the start of a value encloses it; false: it is a character like any other. */
  readonly quoted: boolean;
  /** The names of the columns in lower case, in the order of the file. */
  readonly columns: readonly string[];
}

const delimiters = ["\t", ",", ";", "|"] as const;
const headBytes = 64 * 1024;

/**
 * Reads how a file is written from its first line. The delimiter is the one of tab, comma, semicolon and bar that cuts the
 * line into most pieces. Values are enclosed in quotes, unless the delimiter is a tab and the names of the columns have none:
 * so Athena writes.
 */
export async function readLayout(path: string): Promise<FileLayout> {
  const { bytes, gzip } = await readHead(path);
  const [line = ""] = bytes
    .toString("utf8")
    .replace(/^\uFEFF/, "")
    .split(/[\r\n]/, 1);
  const pieces = (delimiter: string) => line.split(delimiter).length;
  const delimiter = delimiters.reduce((best, next) => (pieces(next) > pieces(best) ? next : best));
  const columns = line.split(delimiter).map((name) => name.replaceAll('"', "").trim().toLowerCase());
  return { gzip, delimiter, quoted: delimiter !== "\t" || line.trimStart().startsWith('"'), columns };
}

/** Reads a gzip file to its end and throws where it breaks off or is damaged: DuckDB takes such a file for a short one. */
export async function checkGzip(path: string, signal: AbortSignal | undefined): Promise<void> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  await pipeline(createReadStream(path), createGunzip({ chunkSize: 1 << 20 }), nowhere, signal ? { signal } : {});
}

async function readHead(path: string): Promise<{ bytes: Buffer; gzip: boolean }> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
  const bytes = buffer.subarray(0, bytesRead);
  const gzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return { gzip, bytes: gzip ? gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }) : bytes };
}
