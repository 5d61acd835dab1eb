import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type CsvFile, csvColumns, csvRowsOf } from "./csv-rows.ts";
import { type ReferenceStyle, resourcesOf, resourceTypes } from "./fhir-resources.ts";
import type { Life } from "./life.ts";
import { createLife } from "./patient.ts";
import { createRowFile } from "./row-file.ts";

export const formats = ["bundles", "ndjson", "csv"] as const;
export type Format = (typeof formats)[number];

export interface GenerateOptions {
  readonly patients: number;
  readonly seed: number;
  /** The folder that gets `fhir/bundles`, `fhir/ndjson` and `csv`. */
  readonly out: string;
  readonly formats: readonly Format[];
}

/** Takes one life at a time; a promise means that it should be waited for before the next. */
interface LifeWriter {
  readonly write: (life: Life) => Promise<unknown> | undefined;
  readonly close: () => Promise<unknown>;
}

/**
 * Makes synthetic patients and writes them in each format. A patient is made, written and forgotten, so memory does
 * not grow with their number. The same options always give the same bytes, and a patient is the same whatever
 * their number.
 *
 * @example
 * await generate({ patients: 25, seed: 1, out: "sample-data", formats: ["csv"] });
 */
export async function generate({ patients, seed, out, formats }: GenerateOptions): Promise<void> {
  const open = { bundles: openBundles, ndjson: openNdjson, csv: openCsv };
  const writers = await Promise.all(formats.map((format) => open[format](out)));
  for (let number = 1; number <= patients; number++) {
    const life = createLife(seed, number);
    for (const writer of writers) {
      const behind = writer.write(life);
      if (behind !== undefined) await behind;
    }
  }
  await Promise.all(writers.map((writer) => writer.close()));
}

const byUuid: ReferenceStyle = (_type, id) => `urn:uuid:${id}`;
const byType: ReferenceStyle = (type, id) => `${type}/${id}`;

/** One transaction Bundle a patient. Those of an earlier run are removed, so that the folder holds one run. */
async function openBundles(out: string): Promise<LifeWriter> {
  const folder = await makeFolder(out, "fhir", "bundles");
  const earlier = (await readdir(folder)).filter((name) => /^patient-\d{4,}\.json$/.test(name));
  for (const name of earlier) await rm(join(folder, name));
  return {
    write: (life) => {
      const entry = resourcesOf(life, byUuid).map((resource) => ({
        fullUrl: `urn:uuid:${resource.id}`,
        resource,
        request: { method: "PUT", url: `${resource.resourceType}/${resource.id}` },
      }));
      const bundle = { resourceType: "Bundle", type: "transaction", entry };
      const name = `patient-${String(life.person.number).padStart(4, "0")}.json`;
      return writeFile(join(folder, name), `${JSON.stringify(bundle)}\n`);
    },
    close: async () => {},
  };
}

/** One file a resource type; Immunization is compressed, as bulk exports often are. */
async function openNdjson(out: string): Promise<LifeWriter> {
  const folder = await makeFolder(out, "fhir", "ndjson");
  const name = (type: string) => `${type}.ndjson${type === "Immunization" ? ".gz" : ""}`;
  const files = openFiles(resourceTypes, (type) => join(folder, name(type)));
  return {
    write: (life) => {
      const lines: Record<string, string> = {};
      for (const resource of resourcesOf(life, byType)) {
        lines[resource.resourceType] = `${lines[resource.resourceType] ?? ""}${JSON.stringify(resource)}\n`;
      }
      return files.write(lines);
    },
    close: files.close,
  };
}

/** The seven files of the Synthea CSV layout. */
async function openCsv(out: string): Promise<LifeWriter> {
  const folder = await makeFolder(out, "csv");
  const names = Object.keys(csvColumns) as CsvFile[];
  const files = openFiles(names, (name) => join(folder, `${name}.csv`));
  await files.write(Object.fromEntries(names.map((name) => [name, `${csvColumns[name]}\n`])));
  return { write: (life) => files.write(csvRowsOf(life)), close: files.close };
}

function openFiles(names: readonly string[], pathOf: (name: string) => string) {
  const files = new Map(names.map((name) => [name, createRowFile(pathOf(name))]));
  return {
    write: (texts: Readonly<Record<string, string>>): Promise<unknown> | undefined => {
      const behind = Object.entries(texts)
        .map(([name, text]) => files.get(name)!.write(text))
        .filter((wait) => wait !== undefined);
      return behind.length > 0 ? Promise.all(behind) : undefined;
    },
    close: () => Promise.all([...files.values()].map((file) => file.close())),
  };
}

async function makeFolder(...parts: string[]): Promise<string> {
  const folder = join(...parts);
  await mkdir(folder, { recursive: true });
  return folder;
}
