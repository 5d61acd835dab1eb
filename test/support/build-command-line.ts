import { execFile } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const project = fileURLToPath(new URL("../../", import.meta.url));

/** Before all tests: the command line is built, unless it is newer than all that it is built of. As built it starts in half the time. */
export default async function buildCommandLine(): Promise<void> {
  const built = await stat(join(project, "dist/src/cli/main.js")).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  const sources = ["src", "schemas", "package.json", "tsconfig.json", "tsconfig.build.json"];
  const newest = Math.max(...(await Promise.all(sources.map((name) => newestIn(join(project, name))))));
  if (built > newest) return;
  await promisify(execFile)("npm", ["run", "build"], { cwd: project });
}

/** When a file, or what lies anywhere in a folder, was changed last. A folder itself changes with what is taken out of it. */
async function newestIn(path: string): Promise<number> {
  const found = await stat(path);
  const inside = found.isDirectory() ? await readdir(path) : [];
  return Math.max(found.mtimeMs, ...(await Promise.all(inside.map((name) => newestIn(join(path, name))))));
}
