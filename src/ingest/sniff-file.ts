import { open } from "node:fs/promises";
import { constants, gunzipSync } from "node:zlib";

/** What the first bytes of a file tell. */
export interface SniffedFile {
  readonly path: string;
  readonly bytes: number;
  /** When it was last written to, ISO 8601. */
  readonly modified: string;
  readonly gzip: boolean;
  /** A gzip file that breaks off, where the first bytes show it: DuckDB takes what there is of it for the whole. */
  readonly damaged: boolean;
  /** `ndjson`: one JSON value a line. `document`: JSON over any number of lines. `unreadable`: neither. */
  readonly format: "ndjson" | "document" | "unreadable";
  /** The resource type of the first line of NDJSON, where it could be read. */
  readonly firstType: string | undefined;
  /** The size that the JSON of a document may have, for DuckDB's read buffer. */
  readonly documentBytes: number;
}

const sampleBytes = 65_536;

/** Looks at the beginning of a file: how it is packed, and what kind of JSON it holds. Reads at most 64 KB. */
export async function sniffFile(path: string): Promise<SniffedFile> {
  await using file = await open(path);
  const { size, mtime } = await file.stat();
  const head = Buffer.alloc(sampleBytes);
  const { bytesRead } = await file.read(head, 0, sampleBytes, 0);
  const raw = head.subarray(0, bytesRead);
  const gzip = raw[0] === 0x1f && raw[1] === 0x8b;
  const content = gzip ? unpackedHead(raw) : raw;
  const text = content?.toString("utf8").replace(/^\uFEFF/, "") ?? "";
  const complete = size === bytesRead;
  return {
    path,
    bytes: size,
    modified: mtime.toISOString(),
    gzip,
    damaged: gzip && complete && !unpacks(raw),
    ...recognise(text, /\.(ndjson|jsonl)(\.gz)?$/i.test(path), complete),
    documentBytes: gzip ? await unpackedSize(file, size) : size,
  };
}

function recognise(text: string, namedNdjson: boolean, complete: boolean): Pick<SniffedFile, "format" | "firstType"> {
  const start = text.trimStart();
  if (namedNdjson) return { format: "ndjson", firstType: typeOf(firstLine(start)) };
  if (!/^[{["]/.test(start)) return { format: "unreadable", firstType: undefined };
  const line = firstLine(start);
  const more = start.slice(line.length).trim() !== "" || !complete;
  const isNdjson = more && parses(line);
  return { format: isNdjson ? "ndjson" : "document", firstType: isNdjson ? typeOf(line) : undefined };
}

function firstLine(text: string): string {
  const end = text.search(/\r?\n/);
  return end === -1 ? text : text.slice(0, end);
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function typeOf(line: string): string | undefined {
  if (parses(line)) return (JSON.parse(line) as { resourceType?: string } | null)?.resourceType;
  // A long line is cut off by the sample; most writers put the type first.
  return /^\{\s*"resourceType"\s*:\s*"([A-Za-z]+)"/.exec(line)?.[1];
}

function unpacks(raw: Buffer): boolean {
  try {
    gunzipSync(raw);
    return true;
  } catch {
    return false;
  }
}

function unpackedHead(raw: Buffer): Buffer | undefined {
  try {
    return gunzipSync(raw, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return undefined;
  }
}

/**
 * gzip keeps the size of what it packed in its last four bytes: modulo 2^32, and of its last member only, where it has
 * several.
 */
async function unpackedSize(file: Awaited<ReturnType<typeof open>>, size: number): Promise<number> {
  if (size < 4) return 0;
  const tail = Buffer.alloc(4);
  await file.read(tail, 0, 4, size - 4);
  return tail.readUInt32LE(0);
}
