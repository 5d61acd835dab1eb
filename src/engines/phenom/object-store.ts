import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

/** A file in the store. */
export interface StoredObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** The MD5 of the content, in quotes, as object stores give it. */
  readonly etag: string;
}

/** Files by key, in a folder. Keys are made by the engine and never hold anything that a caller has said. */
export interface ObjectStore {
  /** Where the file of a key lies. */
  pathOf(key: string): string;
  /** Streams a file in; what was there before stays until it is whole. Rejects with TOO_LARGE beyond `maximumBytes`. */
  write(key: string, content: AsyncIterable<Uint8Array>, maximumBytes?: number): Promise<StoredObject>;
  /** Makes one file of several, which are removed. */
  join(key: string, parts: readonly StoredObject[]): Promise<StoredObject>;
  /** Takes a file that somebody else has written to the place of the key. */
  adopt(key: string): Promise<StoredObject>;
  read(key: string): Promise<{ readonly sizeBytes: number; readonly content: ReadableStream } | undefined>;
  remove(key: string): Promise<void>;
  /** Breaks off what is being written, takes nothing more, and removes all files. */
  close(): Promise<void>;
}

export const tooLarge = new Error("TOO_LARGE");

export function createObjectStore(folder: string): ObjectStore {
  let writes = 0;
  const open = new Set<Promise<unknown>>();
  const closing = new AbortController();
  const pathOf = (key: string): string => join(folder, ...key.split("/"));

  const writeFile: ObjectStore["write"] = async (key, content, maximumBytes = Number.POSITIVE_INFINITY) => {
    closing.signal.throwIfAborted();
    const path = pathOf(key);
    const unfinished = `${path}.${++writes}.unfinished`;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const meter = createMeter(maximumBytes);
    try {
      await pipeline(Readable.from(content), meter.stream, createWriteStream(unfinished), { signal: closing.signal });
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
    return { key, ...meter.seen() };
  };

  const write: ObjectStore["write"] = (...what) => {
    const writing = writeFile(...what);
    open.add(writing);
    return writing.finally(() => open.delete(writing));
  };

  const remove = (key: string): Promise<void> => rm(pathOf(key), { recursive: true, force: true });

  return {
    pathOf,
    write,
    remove,
    async join(key, parts) {
      const whole = await write(key, contentOf(parts.map((part) => pathOf(part.key))));
      await Promise.all(parts.map((part) => remove(part.key)));
      const md5 = createHash("md5");
      for (const { etag } of parts) md5.update(Buffer.from(etag.replaceAll('"', ""), "hex"));
      return { ...whole, etag: `"${md5.digest("hex")}-${parts.length}"` };
    },
    async close() {
      closing.abort(new Error("The store is closed."));
      await Promise.allSettled(open);
      await rm(folder, { recursive: true, force: true });
    },
    async adopt(key) {
      const meter = createMeter(Number.POSITIVE_INFINITY);
      await pipeline(createReadStream(pathOf(key)), meter.stream.resume());
      return { key, ...meter.seen() };
    },
    async read(key) {
      const path = pathOf(key);
      const file = await stat(path).catch(() => undefined);
      if (!file?.isFile()) return undefined;
      return { sizeBytes: file.size, content: Readable.toWeb(createReadStream(path)) as ReadableStream };
    },
  };
}

/** Counts and hashes what passes. */
function createMeter(maximumBytes: number) {
  const md5 = createHash("md5");
  let sizeBytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sizeBytes += chunk.length;
      md5.update(chunk);
      if (sizeBytes > maximumBytes) done(tooLarge);
      else done(null, chunk);
    },
  });
  return { stream, seen: () => ({ sizeBytes, etag: `"${md5.digest("hex")}"` }) };
}

async function* contentOf(paths: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const path of paths) yield* createReadStream(path);
}
