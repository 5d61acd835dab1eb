import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { batchFileKinds } from "../../schemas/phenom-files.ts";
import type { Stage } from "../pipeline/stage.ts";
import { mustBeLocal } from "../warehouse/places.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import type { Histories } from "./patient-histories.ts";
import { type BatchFileOptions, writeBatchFiles } from "./write-batch-files.ts";

/**
 * Writes the histories as the files of a PhenOM batch: CSV by kind (`patients-1.csv`, `diagnoses-1.csv` …), with the columns
 * of the contract, in files of a bounded size. Files that an earlier run left there are removed. Throws USAGE for a column
 * that is none, a size that is too small, and an address instead of a folder.
 *
 * Cost: little more than DuckDB takes to write the bare columns.
 *
 * @example
 * await pipeline(mappedWarehouse(), patientHistories(), batchFiles("batch/", { gzip: true })).run(warehouse);
 */
export function batchFiles(folder: string, options: BatchFileOptions = {}): Stage<Histories, void, Warehouse> {
  mustBeLocal("Batch files are written", folder);
  return {
    name: "batchFiles",
    async execute(_histories, { target: warehouse, signal }) {
      const before = (await readdir(folder).catch(() => [])).filter((file) => ownFile.test(file));
      const written = await writeBatchFiles(warehouse, folder, options, { signal });
      const kept = new Set(written.map(({ path }) => path));
      const left = before.map((file) => join(folder, file)).filter((path) => !kept.has(path));
      await Promise.all(left.map((path) => rm(path, { force: true })));
    },
  };
}

const ownFile = new RegExp(`^(${batchFileKinds.join("|")})-\\d+\\.csv(\\.gz)?$`);
