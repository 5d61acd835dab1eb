// FHIR to OMOP: the whole job beside the limit (DuckDB reading the same files and writing Parquet, nothing else) and the
// plain way (JSON.parse, map in JavaScript, append). Each runs in a process of its own, one after the other, in turns.

import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { generate } from "../sample-data/generator/generate.ts";

interface Measured {
  readonly seconds: number;
  readonly megabytes: number;
}

const ways = ["limit", "whole", "plain"] as const;

/** Options: --patients N (default 10,000), --turns N (default 3), --data DIR (NDJSON that is there already). */
export async function run(options: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...options],
    options: {
      patients: { type: "string", default: "10000" },
      turns: { type: "string", default: "3" },
      data: { type: "string" },
    },
  });
  const work = await mkdtemp(join(tmpdir(), "omopipe-bench-"));
  try {
    const data = values.data ?? (await makeData(join(work, "data"), Number(values.patients)));
    const megabytes = await sizeOf(data);
    console.log(
      `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}`,
    );
    console.log(`${megabytes} MB of NDJSON in ${data}`);
    const measured: Record<(typeof ways)[number], Measured[]> = { limit: [], whole: [], plain: [] };
    for (let turn = 0; turn < Number(values.turns); turn++) {
      for (const way of ways) measured[way].push(await measure(way, data, join(work, `${way}-${turn}`)));
    }
    console.table(
      Object.fromEntries(
        ways.map((way) => {
          const seconds = median(measured[way].map((run) => run.seconds));
          const ratio = median(measured[way].map((run, turn) => run.seconds / measured.limit[turn]!.seconds));
          return [
            way,
            {
              seconds: seconds.toFixed(2),
              "times the limit": ratio.toFixed(2),
              "MB/s": Math.round(megabytes / seconds),
              "peak memory MB": Math.max(...measured[way].map((run) => run.megabytes)),
            },
          ];
        }),
      ),
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function makeData(folder: string, patients: number): Promise<string> {
  await generate({ patients, seed: 1, out: folder, formats: ["ndjson"] });
  return join(folder, "fhir", "ndjson");
}

async function measure(way: string, data: string, out: string): Promise<Measured> {
  const script = fileURLToPath(new URL("./fhir-way.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", script, way, data, out]);
  await rm(out, { recursive: true, force: true });
  return JSON.parse(stdout) as Measured;
}

async function sizeOf(folder: string): Promise<number> {
  const sizes = await Promise.all((await readdir(folder)).map(async (file) => (await stat(join(folder, file))).size));
  return Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1e6);
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
