import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { generate } from "../../sample-data/generator/generate.ts";

// Generates so many patients into a folder, and prints how much of its heap was in use meanwhile, in MB.
const [patients, out] = process.argv.slice(2);
setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");
const heaps: number[] = [];
const sampler = setInterval(() => {
  collect();
  heaps.push(process.memoryUsage().heapUsed / 1e6);
}, 50);
await generate({ patients: Number(patients), seed: 1, out: out!, formats: ["ndjson", "csv"] });
clearInterval(sampler);
console.log(JSON.stringify(heaps));
