// CSV to OMOP: the limit (DuckDB reading the same files as text and writing Parquet, nothing else) and the whole job.

import { compare } from "./compare.ts";

export const run = (options: readonly string[]): Promise<void> =>
  compare({ script: "csv-way.ts", ways: ["limit", "whole"], format: "csv", folder: "csv" }, options);
