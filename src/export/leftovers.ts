import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

const day = 24 * 60 * 60 * 1000;

/**
 * Removes from a folder what an export that was killed has left half written there under a name like this: what nobody has
 * written to for a day.
 */
export async function removeLeftovers(folder: string, names: RegExp): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!names.test(name)) continue;
    const path = join(folder, name);
    const written = await lstat(path).catch(() => undefined);
    if (written && Date.now() - written.mtimeMs > day) await rm(path, { recursive: true, force: true });
  }
}
