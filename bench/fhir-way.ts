// One way of one benchmark run, in a process of its own: fhir-way.ts limit|whole|plain NDJSON_FOLDER OUT_FOLDER.
// Prints {"seconds", "megabytes"}.

import { mkdir, readdir } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fhirFiles, mapToOmop, openWarehouse, parquet, pipeline, runReport } from "omopipe";
import { openLanding } from "../src/ingest/landing-tables.ts";
import { literal } from "../src/warehouse/sql-text.ts";
import { mapPlainly } from "./plain/map-plainly.ts";

const [way = "", data = "", out = ""] = process.argv.slice(2);
const vocabulary = fileURLToPath(new URL("../sample-data/vocabulary", import.meta.url));

/** DuckDB reads the members that mapping needs from the same files and writes them as Parquet. */
async function limit(memoryLimit: string): Promise<void> {
  await using warehouse = await openWarehouse(":memory:", { memoryLimit });
  const files = await readdir(data);
  for (const { resourceType, structure } of await openLanding(warehouse)) {
    const file = join(data, `${resourceType}.ndjson*`);
    if (!files.some((name) => name.startsWith(`${resourceType}.ndjson`))) continue;
    await warehouse.run(
      `copy (select unnest(json_transform(json, ${literal(JSON.stringify(structure))}))
         from read_ndjson_objects(${literal(file)}, ignore_errors => true))
       to ${literal(join(out, `${resourceType}.parquet`))} (format parquet, compression zstd)`,
    );
  }
}

/** Land, map, derive, write Parquet and the report, into a new warehouse file. */
async function whole(): Promise<void> {
  await using warehouse = await openWarehouse(join(out, "warehouse.duckdb"), { vocabulary });
  await pipeline(fhirFiles(data), mapToOmop(), parquet(join(out, "cdm")), runReport(join(out, "cdm"))).run(warehouse);
}

const ways: Readonly<Record<string, () => Promise<void>>> = {
  // As much memory as DuckDB takes when nothing is said.
  limit: () => limit(`${Math.round((totalmem() / 1e9) * 0.8)}GB`),
  "limit in 1 GB": () => limit("1GB"),
  whole,
  plain: () => mapPlainly(data, out, vocabulary),
};

await mkdir(out, { recursive: true });
const start = performance.now();
await ways[way]!();
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ seconds, megabytes: Math.round(process.resourceUsage().maxRSS / 1000) }));
