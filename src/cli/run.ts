import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { tsImport } from "tsx/esm/api";
import { OmopipeError } from "../pipeline/errors.ts";

/** `omopipe run`: the pipeline is a module that does its work when it is loaded. */
export async function run(file: string, rest: readonly string[]): Promise<void> {
  const path = resolve(file);
  await access(path).catch(() => {
    throw new OmopipeError("INPUT_NOT_FOUND", `There is no pipeline ${file}.`);
  });
  process.argv = [process.argv[0]!, path, ...rest];
  await tsImport(pathToFileURL(path).href, import.meta.url);
}
