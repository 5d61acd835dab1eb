// One way of one benchmark run, in a process of its own: csv-way.ts limit|whole CSV_FOLDER OUT_FOLDER. Prints {"seconds", "megabytes"}.

import { mkdir, readdir } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { csvFiles, mapToOmop, openWarehouse, parquet, pipeline, runReport } from "omopipe";
import { literal } from "../src/warehouse/sql-text.ts";

const [way = "", data = "", out = ""] = process.argv.slice(2);
const vocabulary = fileURLToPath(new URL("../sample-data/vocabulary", import.meta.url));

/** DuckDB reads the same files as text and writes them as Parquet. */
async function limit(): Promise<void> {
  // As much memory as DuckDB takes when nothing is said.
  await using warehouse = await openWarehouse(":memory:", { memoryLimit: `${Math.round((totalmem() / 1e9) * 0.8)}GB` });
  for (const file of await readdir(data)) {
    await warehouse.run(
      `copy (from read_csv(${literal(join(data, file))}, all_varchar => true, header => true))
       to ${literal(join(out, `${file}.parquet`))} (format parquet, compression zstd)`,
    );
  }
}

/** Land, map, derive, write Parquet and the report, into a new warehouse file. */
async function whole(): Promise<void> {
  await using warehouse = await openWarehouse(join(out, "warehouse.duckdb"), { vocabulary });
  await pipeline(
    csvFiles(data, { mapping: "synthea" }),
    mapToOmop(),
    parquet(join(out, "cdm")),
    runReport(join(out, "cdm")),
  ).run(warehouse);
}

const ways: Readonly<Record<string, () => Promise<void>>> = { limit, whole };

await mkdir(out, { recursive: true });
const start = performance.now();
await ways[way]!();
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ seconds, megabytes: Math.round(process.resourceUsage().maxRSS / 1000) }));
