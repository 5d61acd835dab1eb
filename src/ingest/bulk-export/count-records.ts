import { open } from "node:fs/promises";
import { readLines } from "../read-lines.ts";

/** What an NDJSON file is, read to its end. */
export interface Counted {
  readonly records: number;
  /** Why it is not whole, if so. */
  readonly damage: string | undefined;
  /** Whether it is nothing but an OperationOutcome. */
  readonly isOutcome: boolean;
}

/** Reads an NDJSON file, plain or gzip, to its end. */
export async function countRecords(path: string, signal: AbortSignal): Promise<Counted> {
  let records = 0;
  let damage: string | undefined;
  let last = "{}";
  for await (const lines of readLines(path, await isGzip(path), signal)) {
    for (const line of lines) {
      if ("text" in line) last = line.text;
      else if (line.code === "FILE_DAMAGED") damage = "its gzip breaks off";
      records += 1;
    }
  }
  const record = recordOf(last);
  return {
    records,
    damage: damage ?? (record === undefined ? "its last line breaks off" : undefined),
    isOutcome: records === 1 && record?.resourceType === "OperationOutcome",
  };
}

/** Whether a file is gzip, whatever its name says. */
export async function isGzip(path: string): Promise<boolean> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
  return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
}

function recordOf(text: string): { readonly resourceType?: unknown } | undefined {
  try {
    return Object(JSON.parse(text));
  } catch {
    return undefined;
  }
}
