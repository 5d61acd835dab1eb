// Ways of doing one job over the same files, each in a process of its own, one after the other, in turns.

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

/** The ways are told by name to a script of this folder; the first is what the others are held against. */
export interface Comparison {
  readonly script: string;
  readonly ways: readonly string[];
  readonly format: "ndjson" | "csv";
  /** Where the generator writes that format. */
  readonly folder: string;
}

/** Options: --patients N (default 10,000), --turns N (default 3), --data DIR (files that are there already). */
export async function compare({ script, ways, format, folder }: Comparison, options: readonly string[]): Promise<void> {
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
    const data = values.data ?? join(work, "data", folder);
    if (!values.data) {
      await generate({ patients: Number(values.patients), seed: 1, out: join(work, "data"), formats: [format] });
    }
    const megabytes = await sizeOf(data);
    console.log(
      `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}`,
    );
    console.log(`${megabytes} MB of ${format} in ${data}`);
    const measured = new Map<string, Measured[]>(ways.map((way) => [way, []]));
    for (let turn = 0; turn < Number(values.turns); turn++) {
      for (const way of ways) {
        measured.get(way)!.push(await measure(script, way, data, join(work, `${way}-${turn}`)));
      }
    }
    const first = measured.get(ways[0]!)!;
    console.table(
      Object.fromEntries(
        [...measured].map(([way, runs]) => {
          const seconds = median(runs.map((run) => run.seconds));
          const ratio = median(runs.map((run, turn) => run.seconds / first[turn]!.seconds));
          return [
            way,
            {
              seconds: seconds.toFixed(2),
              [`times the ${ways[0]}`]: ratio.toFixed(2),
              "MB/s": Math.round(megabytes / seconds),
              "peak memory MB": Math.max(...runs.map((run) => run.megabytes)),
            },
          ];
        }),
      ),
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function measure(script: string, way: string, data: string, out: string): Promise<Measured> {
  const path = fileURLToPath(new URL(`./${script}`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", path, way, data, out]);
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
