// npm run bench -- NAME [options]: runs one benchmark and prints what it measured.

const [name = "", ...rest] = process.argv.slice(2);
const benchmarks: Readonly<Record<string, () => Promise<{ run: (options: readonly string[]) => Promise<void> }>>> = {
  bundle: () => import("./bundle.ts"),
  csv: () => import("./csv.ts"),
  fhir: () => import("./fhir.ts"),
  nights: () => import("./nights.ts"),
  phenom: () => import("./phenom.ts"),
  vocabulary: () => import("./vocabulary.ts"),
};

const load = benchmarks[name];
if (!load) {
  console.error(`usage: npm run bench -- ${Object.keys(benchmarks).join("|")}`);
  process.exit(2);
}
await (await load()).run(rest);
