import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished, pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

/** A text file that grows piece by piece. */
export interface RowFile {
  /** Adds text; a promise means that the disk is behind and should be waited for. */
  readonly write: (text: string) => Promise<unknown> | undefined;
  readonly close: () => Promise<void>;
}

const pieceLength = 256 * 1024;
const piecesAhead = 2;

/** Opens a file for writing, compressed if its name ends in `.gz`. Holds no more than some pieces of 256 KB. */
export function createRowFile(path: string): RowFile {
  const file = createWriteStream(path, { highWaterMark: piecesAhead * pieceLength });
  const gzip = path.endsWith(".gz") ? createGzip() : undefined;
  const head = gzip ?? file;
  const written = gzip === undefined ? finished(file) : pipeline(gzip, file);
  // A failure is seen at the next write or at the end; until then it must not count as unhandled.
  written.catch(() => {});
  let waiting = "";
  return {
    write: (more) => {
      waiting += more;
      if (waiting.length < pieceLength) return undefined;
      if (head.destroyed) return written;
      const piece = waiting;
      waiting = "";
      return head.write(piece) ? undefined : once(head, "drain");
    },
    close: async () => {
      head.end(waiting);
      await written;
    },
  };
}
