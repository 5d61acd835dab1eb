// A vocabulary of the size of a whole Athena download: loaded, loaded again, and used to map one patient. Each part runs in a
// process of its own, so that its memory is its own.

import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";

interface Measured {
  readonly step: string;
  readonly seconds: number;
  readonly user: number;
  readonly system: number;
  readonly megabytes: number;
}

/** Options: --concepts N (default 6,000,000), --relationships N (default 40,000,000). */
export async function run(options: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...options],
    options: {
      concepts: { type: "string", default: "6000000" },
      relationships: { type: "string", default: "40000000" },
    },
  });
  const vocabulary = await mkdtemp(join(tmpdir(), "omopipe-bench-"));
  try {
    await runWay("make", vocabulary, values.concepts, values.relationships);
    const date = new Date().toISOString().slice(0, 10);
    console.log(`${date}, ${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}`);
    console.log(`${await sizeOf(vocabulary, ".csv")} MB in CSV files; load of the machine ${loadavg()[0]?.toFixed(1)}`);
    const sample = fileURLToPath(new URL("../sample-data/vocabulary", import.meta.url));
    report("loading it", await runWay("load", vocabulary));
    console.log(`${await sizeOf(vocabulary, ".duckdb")} MB in its database`);
    report("mapping one patient with it", await runWay("map", vocabulary));
    report("mapping one patient with the vocabulary of the sample data", await runWay("map", sample));
  } finally {
    await rm(vocabulary, { recursive: true, force: true });
  }
}

async function runWay(...parameters: readonly string[]): Promise<Measured[]> {
  const script = fileURLToPath(new URL("./vocabulary-way.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", script, ...parameters]);
  const lines = stdout.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Measured);
}

function report(title: string, measured: readonly Measured[]): void {
  console.log(`\n${title}`);
  console.table(
    measured.map(({ step, seconds, user, system, megabytes }) => ({
      step,
      seconds: seconds.toFixed(2),
      "user CPU": user.toFixed(2),
      "system CPU": system.toFixed(2),
      "peak memory MB": megabytes,
    })),
  );
}

async function sizeOf(folder: string, ending: string): Promise<number> {
  const files = (await readdir(folder)).filter((name) => name.endsWith(ending));
  const sizes = await Promise.all(files.map(async (name) => (await stat(join(folder, name))).size));
  return Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1e6);
}
