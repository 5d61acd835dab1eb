import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { tsImport } from "tsx/esm/api";
import { messageOf, OmopipeError } from "../pipeline/errors.ts";

/** `omopipe run`: the pipeline is an ES module that does its work when it is loaded. */
export async function run(file: string, rest: readonly string[]): Promise<void> {
  const path = resolve(file);
  await access(path).catch(() => {
    throw new OmopipeError("INPUT_NOT_FOUND", `There is no pipeline ${file}.`);
  });
  process.argv = [process.argv[0]!, path, ...rest];
  try {
    await tsImport(pathToFileURL(path).href, import.meta.url);
  } catch (error) {
    throw helpful(error, file);
  }
}

/**
 * The two things that a script of one's own most often lacks, said so that they can be mended; an error of the library as that of
 * any command, for the script has loaded the library once more, and its errors are of another class.
 */
function helpful(error: unknown, file: string): unknown {
  const message = messageOf(error);
  if (error instanceof Error && error.name === "OmopipeError") {
    return new OmopipeError((error as OmopipeError).code, message, { cause: error });
  }
  if (/Top-level await/.test(message)) {
    return new OmopipeError(
      "USAGE",
      `${file} is taken for a CommonJS module. Name it ${file.replace(/\.([jt]s)$/, ".m$1")}, ` +
        'or write "type": "module" into the package.json beside it.',
      { cause: error },
    );
  }
  if (/Cannot find package 'omopipe'/.test(message)) {
    return new OmopipeError(
      "USAGE",
      `${file} imports omopipe, which is not installed beside it. In its folder: npm install omopipe ` +
        "(or the folder of a clone: npm install ../omopipe).",
      { cause: error },
    );
  }
  return error;
}
