import { open, readdir, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { OmopipeError } from "../../pipeline/errors.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import type { Download } from "./download-state.ts";

const pack = promisify(gzip);

/** How far a search has come: the columns of `meta.download_part` that change. */
export interface PartProgress {
  readonly part: number;
  readonly state: "waiting" | "done" | "missing";
  readonly next_url: string | null;
  readonly watermark: string | null;
  readonly sorted: boolean;
  readonly restarts: number;
  readonly pages: number;
}

/** A resource on its way into a file. */
export interface Line {
  readonly type: string;
  /** Whether a search found it, or gave it along, or only its id is wanted, which does not land. */
  readonly role: "match" | "include" | "id";
  readonly text: string;
}

/**
 * The files that pages are written to, `<type>.ndjson.gz`, and the state that is committed with them: after a kill the files
 * hold what `meta.download_part` says, no more and no less. They grow by a gzip member now and then.
 */
export interface PageFiles {
  /** Takes a page, and when it was asked for. Waits only when more is held in memory than should be. */
  add(lines: readonly Line[], progress: PartProgress, serverTime?: string): Promise<void>;
  /** Writes everything that was taken, and commits it. */
  flush(): Promise<void>;
}

const heldLength = 16_000_000;
const everyMilliseconds = 1000;

/** Opens the files of a download and cuts off what was written but not committed. */
export async function openPageFiles(warehouse: Warehouse, download: Download): Promise<PageFiles> {
  const committed = await warehouse.rows<{ name: string; bytes: number }>(
    "select name, bytes from meta.download_file where download_id = $1",
    [download.download_id],
  );
  const sizes = new Map(committed.map(({ name, bytes }) => [name, bytes]));
  for (const name of await readdir(download.folder)) {
    if (!sizes.has(name)) await rm(join(download.folder, name));
  }
  for (const [name, bytes] of sizes) {
    const path = join(download.folder, name);
    if (((await stat(path).catch(() => undefined))?.size ?? 0) < bytes) throw incomplete(download);
    await truncate(path, bytes);
  }

  let lines: Line[] = [];
  let length = 0;
  let parts = new Map<number, PartProgress>();
  let last = performance.now();
  let asked: string | undefined;
  let writing: Promise<void> = Promise.resolve();

  const write = async (): Promise<void> => {
    const [heldLines, heldParts] = [lines, [...parts.values()]];
    lines = [];
    parts = new Map();
    length = 0;
    last = performance.now();
    if (heldParts.length === 0) return;
    const files = await Promise.all(
      byFile(heldLines).map(async ({ name, role, type, texts }) => {
        const packed = await pack(`${texts.join("\n")}\n`);
        await append(join(download.folder, name), packed);
        return { name, bytes: packed.length, role, type };
      }),
    );
    await warehouse.transaction(async () => {
      // The first page counts: what changes while this download is under way belongs to the next.
      await warehouse.run("update meta.download set server_time = least(server_time, $2) where download_id = $1", [
        download.download_id,
        asked ?? null,
      ]);
      for (const { name, bytes, role, type } of files) {
        const parameters = [download.download_id, name, bytes];
        if (sizes.has(name)) {
          await warehouse.run(
            "update meta.download_file set bytes = bytes + $3 where download_id = $1 and name = $2",
            parameters,
          );
        } else {
          await warehouse.run("insert into meta.download_file values ($1, $2, $4, $5, 'done', $3, null, null, null)", [
            ...parameters,
            role,
            type,
          ]);
        }
      }
      await warehouse.run(
        `update meta.download_part set
           state = now.state, next_url = now.next_url, watermark = now.watermark,
           sorted = now.sorted, restarts = now.restarts, pages = now.pages
         from (select unnest(json_transform($2::json, '[{
           "part": "INTEGER", "state": "VARCHAR", "next_url": "VARCHAR", "watermark": "VARCHAR",
           "sorted": "BOOLEAN", "restarts": "INTEGER", "pages": "BIGINT"
         }]'), recursive := true)) now
         where download_part.download_id = $1 and download_part.part = now.part`,
        [download.download_id, JSON.stringify(heldParts)],
      );
    });
    for (const { name, bytes } of files) sizes.set(name, (sizes.get(name) ?? 0) + bytes);
  };
  // One after the other: files grow, and the warehouse has one transaction at a time.
  const flush = (): Promise<void> => {
    writing = writing.then(write);
    return writing;
  };
  return {
    async add(page, progress, serverTime) {
      if (serverTime !== undefined && (asked === undefined || serverTime < asked)) asked = serverTime;
      for (const line of page) {
        lines.push(line);
        length += line.text.length;
      }
      parts.set(progress.part, progress);
      if (length >= heldLength || performance.now() - last > everyMilliseconds) await flush();
    },
    flush,
  };
}

function incomplete({ folder }: Download): OmopipeError {
  return new OmopipeError(
    "INPUT_NOT_FOUND",
    `Pages that an earlier run has downloaded into ${folder} are missing. Remove that folder, and the download begins anew.`,
  );
}

const prefixes = { match: "", include: "included-", id: "ids-" } as const;

function byFile(lines: readonly Line[]) {
  const files = new Map<string, Omit<Line, "text"> & { readonly name: string; readonly texts: string[] }>();
  for (const { role, type, text } of lines) {
    const name = `${prefixes[role]}${type}.ndjson.gz`;
    const file = files.get(name) ?? { name, role, type, texts: [] };
    file.texts.push(text);
    files.set(name, file);
  }
  return [...files.values()];
}

async function append(path: string, bytes: Buffer): Promise<void> {
  await using file = await open(path, "a", 0o600);
  // All of them, or an error: `write` takes what there is room for on a full disk.
  await file.appendFile(bytes);
  await file.sync();
}
