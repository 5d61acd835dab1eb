import { open } from "node:fs/promises";
import { readLines } from "../read-lines.ts";

/** Reads an NDJSON file, plain or gzip, to its end: how many records it has, and whether it breaks off. */
export async function countRecords(
  path: string,
  signal: AbortSignal,
): Promise<{ readonly records: number; readonly damage: string | undefined }> {
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
  return { records, damage: damage ?? (isJson(last) ? undefined : "its last line breaks off") };
}

/** Whether a file is gzip, whatever its name says. */
export async function isGzip(path: string): Promise<boolean> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
  return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
