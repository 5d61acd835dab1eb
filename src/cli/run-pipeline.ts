import { access, rm } from "node:fs/promises";
import { OmopipeError } from "../pipeline/errors.ts";
import type { RunOptions } from "../pipeline/pipeline.ts";
import { holdsNothing } from "../warehouse/holds-nothing.ts";
import { openWarehouse, type Warehouse, type WarehouseOptions } from "../warehouse/warehouse.ts";
import { showProgress } from "./progress.ts";

interface Runnable<Out> {
  readonly run: (target: Warehouse, options?: RunOptions) => Promise<Out>;
}

/**
 * Runs a pipeline against a warehouse file, with progress on stderr; Ctrl-C stops it in good order. Where it fails before anything
 * was written, a file that it had to make is removed.
 */
export async function runPipeline<Out, Result>(
  file: string,
  options: WarehouseOptions,
  pipeline: Runnable<Out>,
  use: (out: Out, warehouse: Warehouse) => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController();
  const interrupt = () => stop.abort(new Error("interrupted"));
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  const isNew = await isMissing(file);
  try {
    await using warehouse = await openWarehouse(file, options);
    try {
      const out = await pipeline.run(warehouse, { signal: stop.signal, onProgress: showProgress(process.stderr) });
      return await use(out, warehouse);
    } catch (error) {
      if (isNew) await removeIfEmpty(warehouse);
      throw error;
    }
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

/** What cannot be looked into stays: why the run failed says more than why this does. */
async function removeIfEmpty(warehouse: Warehouse): Promise<void> {
  if (!(await holdsNothing(warehouse).catch(() => false))) return;
  await warehouse.close();
  await rm(warehouse.path, { force: true });
}

async function isMissing(file: string): Promise<boolean> {
  return await access(file).then(
    () => false,
    () => true,
  );
}

/** Opens a warehouse that must exist, for reading. */
export async function openExisting(file: string): Promise<Warehouse> {
  await mustExist(file);
  return await openWarehouse(file, { readOnly: true });
}

/** Throws when there is no such file: a command that only reads must not make an empty warehouse. */
export async function mustExist(file: string): Promise<void> {
  if (await isMissing(file)) {
    throw new OmopipeError(
      "INPUT_NOT_FOUND",
      `There is no warehouse ${file}. Make one: omopipe etl INPUT --warehouse ${file} --vocabulary DIR`,
    );
  }
}
