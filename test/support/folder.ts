import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A folder of a test's own, removed when the test ends. */
export interface Folder extends AsyncDisposable {
  readonly path: string;
  /** The path of a file below the folder. */
  file(name: string): string;
  /** Writes a file below the folder and gives its path. */
  write(name: string, content: string | Buffer): Promise<string>;
  /** The names of its files, sorted; those that begin with a dot among them. */
  list(): Promise<string[]>;
}

/** Where tests keep the databases of vocabularies that are not their own, from one run to the next. */
export const vocabularyCache = join(tmpdir(), "omopipe-test-vocabularies");

export async function openFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "omopipe-test-"));
  return {
    path,
    file: (name) => join(path, name),
    async write(name, content) {
      const file = join(path, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
      return file;
    },
    list: async () => (await readdir(path)).sort(),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}
