import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { glob, isDynamicPattern } from "tinyglobby";
import { OmopipeError } from "../pipeline/errors.ts";

/**
 * The files that inputs name: a file, a folder (all files below it whose names fit `endings`), or a glob.
 * Paths come back absolute, sorted, each once. Throws INPUT_NOT_FOUND for an input that names nothing.
 */
export async function findFiles(inputs: readonly string[], endings: RegExp): Promise<string[]> {
  const found = await Promise.all(inputs.map((input) => filesOf(input, endings)));
  return [...new Set(found.flat())].sort();
}

async function filesOf(input: string, endings: RegExp): Promise<string[]> {
  const status = await stat(input).catch(() => undefined);
  if (status?.isFile()) return [resolve(input)];
  if (status?.isDirectory()) {
    const below = await glob("**/*", { cwd: input, absolute: true, onlyFiles: true, expandDirectories: false });
    return below.filter((path) => endings.test(path)).map((path) => resolve(path));
  }
  if (isDynamicPattern(input)) {
    const matches = await glob(input, { absolute: true, onlyFiles: true, expandDirectories: false });
    if (matches.length > 0) return matches.map((path) => resolve(path));
    throw new OmopipeError(
      "INPUT_NOT_FOUND",
      `No file matches ${input}. Check the pattern and the folder it starts in.`,
    );
  }
  throw new OmopipeError("INPUT_NOT_FOUND", `${input} does not exist. Name a file, a folder or a glob that does.`);
}
