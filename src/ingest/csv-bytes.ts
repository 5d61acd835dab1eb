import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { csvEncodings } from "../../schemas/csv-mapping.ts";

export type CsvEncoding = (typeof csvEncodings)[number];

/** The bytes of a CSV file as UTF-8, unpacked and without byte order mark. */
export interface CsvBytes {
  readonly gzip: boolean;
  /** As it was told by the first bytes, or by the mapping. */
  readonly encoding: CsvEncoding;
  /** Fails where a gzip file breaks off. */
  readonly chunks: AsyncIterable<Buffer>;
}

const chunkSize = 1 << 20;

/** Opens a file; `encoding` is what the mapping says, which counts where no byte order mark says otherwise. */
export function openCsvFile(
  path: string,
  encoding: CsvEncoding | undefined,
  signal: AbortSignal | undefined,
): Promise<CsvBytes> {
  return openCsvStream(createReadStream(path, { highWaterMark: chunkSize, ...(signal ? { signal } : {}) }), encoding);
}

/** The same of bytes that come from anywhere. */
export async function openCsvStream(
  bytes: AsyncIterable<Uint8Array | string>,
  given: CsvEncoding | undefined,
): Promise<CsvBytes> {
  const packed = await peek(asBuffers(bytes), 2);
  const gzip = packed.head[0] === 0x1f && packed.head[1] === 0x8b;
  const plain = gzip ? await peek(unpacked(packed.all), 4) : packed;
  const { encoding, mark } = encodingOf(plain.head, given);
  return { gzip, encoding, chunks: asUtf8(plain.all, encoding, mark) };
}

/** Reads on until there are some bytes, and gives them beside all. */
async function peek(bytes: AsyncIterator<Buffer>, wanted: number) {
  const pieces: Buffer[] = [];
  let size = 0;
  while (size < Math.max(wanted, 4)) {
    const { done, value } = await bytes.next();
    if (done) break;
    pieces.push(value);
    size += value.length;
  }
  const head = Buffer.concat(pieces);
  async function* all(): AsyncGenerator<Buffer> {
    try {
      if (head.length > 0) yield head;
      for (let next = await bytes.next(); !next.done; next = await bytes.next()) yield next.value;
    } finally {
      await bytes.return?.();
    }
  }
  return { head, all: all() };
}

async function* asBuffers(bytes: AsyncIterable<Uint8Array | string>): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    if (typeof chunk === "string") yield Buffer.from(chunk);
    else yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
}

async function* unpacked(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const packed = Readable.from(bytes);
  const gunzip = createGunzip({ chunkSize });
  packed.on("error", (error) => gunzip.destroy(error));
  yield* packed.pipe(gunzip) as AsyncIterable<Buffer>;
}

/** By the byte order mark; without one, by where the zeros of UTF-16 stand, because CSV begins with a plain letter. */
function encodingOf(head: Buffer, given: CsvEncoding = "utf-8"): { encoding: CsvEncoding; mark: number } {
  const [first, second, third] = head;
  if (first === 0xef && second === 0xbb && third === 0xbf) return { encoding: "utf-8", mark: 3 };
  if (first === 0xff && second === 0xfe) return { encoding: "utf-16le", mark: 2 };
  if (first === 0xfe && second === 0xff) return { encoding: "utf-16be", mark: 2 };
  if (first !== 0 && second === 0) return { encoding: "utf-16le", mark: 0 };
  if (first === 0 && second !== 0 && second !== undefined) return { encoding: "utf-16be", mark: 0 };
  return { encoding: given, mark: 0 };
}

async function* asUtf8(bytes: AsyncIterable<Buffer>, encoding: CsvEncoding, mark: number): AsyncGenerator<Buffer> {
  // Latin-1 is read as Windows-1252, which is the same but for characters that nobody writes.
  const decoder =
    encoding === "utf-8" ? undefined : new TextDecoder(encoding === "latin-1" ? "windows-1252" : encoding);
  let isFirst = true;
  for await (const chunk of bytes) {
    const content = isFirst ? chunk.subarray(mark) : chunk;
    isFirst = false;
    yield decoder ? Buffer.from(decoder.decode(content, { stream: true })) : content;
  }
  const last = decoder?.decode() ?? "";
  if (last !== "") yield Buffer.from(last);
}
