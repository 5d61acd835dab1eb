// One patient Bundle after the other from a warm process, as a service maps them: the time of a call and its CPU.

import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openFhirToOmop } from "omopipe";

const sample = (path: string) => fileURLToPath(new URL(`../sample-data/${path}`, import.meta.url));

/** Options: --bundle FILE (default: a patient of the sample data), --calls N (default 100). */
export async function run(options: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...options],
    options: {
      bundle: { type: "string", default: sample("fhir/bundles/patient-0014.json") },
      calls: { type: "string", default: "100" },
    },
  });
  const text = await readFile(values.bundle, "utf8");
  console.log(
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}`,
  );
  const opened = performance.now();
  await using mapper = await openFhirToOmop({ vocabulary: sample("vocabulary") });
  const opening = performance.now() - opened;
  const calls = [];
  let mappings = 0;
  for (let call = 0; call <= Number(values.calls); call++) {
    const bundle: unknown = JSON.parse(text);
    const cpu = process.cpuUsage();
    const begun = performance.now();
    mappings = (await mapper.map(bundle)).mappings.length;
    const time = performance.now() - begun;
    const { user, system } = process.cpuUsage(cpu);
    calls.push({ time, cpu: (user + system) / 1000 });
  }
  const [first, ...warm] = calls;
  const median = (of: "time" | "cpu") => warm.map((call) => call[of]).sort((a, b) => a - b)[warm.length >> 1]!;
  console.log(`${(text.length / 1000).toFixed(0)} kB, ${mappings} mappings, ${warm.length} calls`);
  console.table({
    opening: { milliseconds: opening.toFixed(0) },
    "first call": { milliseconds: first!.time.toFixed(0) },
    "a call, median": { milliseconds: median("time").toFixed(0) },
    "a call, fastest": { milliseconds: Math.min(...warm.map(({ time }) => time)).toFixed(0) },
    "CPU of a call, median": { milliseconds: median("cpu").toFixed(0) },
  });
}
