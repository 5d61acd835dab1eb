import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parseString } from "fast-csv";
import type { Resource } from "../../sample-data/generator/fhir-resources.ts";

// biome-ignore lint/suspicious/noExplicitAny: resources are looked into as the JSON they are.
export type Json = any;

/** The text of a file, decompressed if its name ends in `.gz`. */
export async function textOf(path: string): Promise<string> {
  const bytes = await readFile(path);
  return (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
}

/** All files under a folder, as sorted relative paths. */
export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.map((path) => path.slice(folder.length + 1)).sort();
}

/** Every resource of the NDJSON files under `out`. */
export async function ndjsonOf(out: string): Promise<Json[]> {
  const folder = join(out, "fhir/ndjson");
  const texts = await Promise.all((await readdir(folder)).map((name) => textOf(join(folder, name))));
  return texts.flatMap((text) => text.split("\n").filter(Boolean)).map((line) => JSON.parse(line));
}

/** Every Bundle under `out`, by file name. */
export async function bundlesOf(out: string): Promise<Map<string, Json>> {
  const folder = join(out, "fhir/bundles");
  const names = await readdir(folder);
  const bundles = await Promise.all(names.map(async (name) => JSON.parse(await textOf(join(folder, name)))));
  return new Map(names.map((name, index) => [name, bundles[index]]));
}

/** The rows of one CSV file under `out`, by column. */
export async function csvOf(out: string, name: string): Promise<Record<string, string>[]> {
  return rowsOf(await textOf(join(out, "csv", `${name}.csv`)), {});
}

/** The rows of one vocabulary file, tab-separated and unquoted. */
export async function vocabularyOf(folder: string, name: string): Promise<Record<string, string>[]> {
  return rowsOf(await textOf(join(folder, `${name}.csv`)), { delimiter: "\t", quote: null });
}

function rowsOf(text: string, options: { delimiter?: string; quote?: null }): Promise<Record<string, string>[]> {
  const rows: Record<string, string>[] = [];
  return new Promise((resolve, reject) => {
    parseString(text, { headers: true, strictColumnHandling: true, ...options })
      .on("data", (row) => rows.push(row))
      .on("data-invalid", (row) => reject(new Error(`A row of another length: ${JSON.stringify(row)}`)))
      .on("error", reject)
      .on("end", () => resolve(rows));
  });
}

/** Every coding anywhere inside a resource. */
export function codingsIn(value: unknown): { system: string; code: string }[] {
  if (typeof value !== "object" || value === null) return [];
  const below = Object.values(value).flatMap(codingsIn);
  const { coding } = value as { coding?: { system: string; code: string }[] };
  return coding === undefined ? below : [...coding, ...below];
}

export function ofType(resources: readonly Json[], type: Resource["resourceType"]): Json[] {
  return resources.filter((resource) => resource.resourceType === type);
}
