import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { messageOf, OmopipeError } from "../pipeline/errors.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { type Extract, extractNamed, isShape } from "./extracts.ts";

/** The built-in extracts, with those of the user's files in place of the ones of the same name, and beside the others. */
export async function withOwnExtracts(builtIn: readonly Extract[], paths: readonly string[]): Promise<Extract[]> {
  const own = await Promise.all(paths.map(readExtract));
  const names = new Set(own.map(({ name }) => name));
  return [...builtIn.filter(({ name }) => !names.has(name)), ...own];
}

async function readExtract(path: string): Promise<Extract> {
  const select = await readFile(path, "utf8").catch((cause) => {
    throw new OmopipeError("INPUT_NOT_FOUND", `The extract ${path} cannot be read: ${messageOf(cause)}`, { cause });
  });
  const extract = extractNamed(basename(path), select);
  if (path.endsWith(".sql") && isShape(extract.shape)) return { ...extract, path };
  throw new OmopipeError(
    "USAGE",
    `${path} is no name for an extract. It is <resource type>.sql or <resource type>.<shape>.sql, as condition.sql or ` +
      "encounter.visit.sql are.",
  );
}

/** Throws USAGE, with the file, when an extract is no select, or gives columns that its shape does not have. */
export function checkExtract({ path, shape, select }: Extract): (warehouse: Warehouse) => Promise<void> {
  return async (warehouse) => {
    const found = await warehouse.columns(`(\n${select}\n)`).catch((cause) => {
      throw new OmopipeError("USAGE", `The extract ${path} cannot be used: ${messageOf(cause)}`, { cause });
    });
    const known = new Set((await warehouse.columns(`${shape}_shape`)).map(({ name }) => name));
    const unknown = found.map(({ name }) => name).filter((name) => !known.has(name));
    if (unknown.length === 0) return;
    throw new OmopipeError(
      "USAGE",
      `The extract ${path} gives ${unknown.join(", ")}, which ${shape}_shape does not have. Its columns are: ${[...known].join(", ")}`,
    );
  };
}
