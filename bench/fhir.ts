// FHIR to OMOP: the limit (DuckDB reading the same files and writing Parquet, nothing else), the same with the memory that the
// whole job has, the whole job, and the plain way (JSON.parse, map in JavaScript, append).

import { compare } from "./compare.ts";

export const run = (options: readonly string[]): Promise<void> =>
  compare(
    {
      script: "fhir-way.ts",
      ways: ["limit", "limit in 1 GB", "whole", "plain"],
      format: "ndjson",
      folder: "fhir/ndjson",
    },
    options,
  );
