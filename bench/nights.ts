// A full run, then a hundred nights in each of which one patient in a hundred has newer records and some records are deleted;
// after the last, the tables beside those of one run over all files.

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { fhirFiles, mapToOmop, openWarehouse, pipeline, type Warehouse } from "omopipe";
import { generate } from "../sample-data/generator/generate.ts";

// biome-ignore lint/suspicious/noExplicitAny: resources are changed as the JSON they are.
type Resource = any;

const vocabulary = fileURLToPath(new URL("../sample-data/vocabulary", import.meta.url));

/** Options: --patients N (default 1,000), --nights N (default 100). */
export async function run(options: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...options],
    options: { patients: { type: "string", default: "1000" }, nights: { type: "string", default: "100" } },
  });
  const patients = Number(values.patients);
  const nights = Number(values.nights);
  const work = await mkdtemp(join(tmpdir(), "omopipe-bench-"));
  try {
    console.log(
      `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}`,
    );
    const input = join(work, "input");
    await generate({ patients, seed: 1, out: join(work, "data"), formats: ["ndjson"] });
    const source = join(work, "data", "fhir", "ndjson");
    const records = await recordsByPatient(source);
    await mkdir(input);
    for (const file of await readdir(source)) await writeFile(join(input, file), await readFile(join(source, file)));

    await using nightly = await openWarehouse(join(work, "nightly.duckdb"), { vocabulary });
    const full = await seconds(() => pipeline(fhirFiles(input), mapToOmop()).run(nightly));
    const taken: number[] = [];
    for (let night = 1; night <= nights; night++) {
      const folder = join(input, `night-${night}`);
      await mkdir(folder);
      await writeFile(join(folder, "delta.json"), JSON.stringify(deltaOf(records, night, Math.ceil(patients / 100))));
      taken.push(await seconds(() => pipeline(fhirFiles(folder), mapToOmop()).run(nightly)));
    }
    const unchanged = await seconds(() => pipeline(fhirFiles(input), mapToOmop()).run(nightly));
    await using whole = await openWarehouse(join(work, "whole.duckdb"), { vocabulary });
    const atOnce = await seconds(() => pipeline(fhirFiles(input), mapToOmop()).run(whole));
    taken.sort((a, b) => a - b);
    console.table({
      "full run": { seconds: full.toFixed(2) },
      "a night, median": { seconds: taken[taken.length >> 1]!.toFixed(2) },
      "a night, slowest": { seconds: taken.at(-1)!.toFixed(2) },
      "allowed a night: a tenth of the full run and a second": { seconds: (full / 10 + 1).toFixed(2) },
      "nothing has changed": { seconds: unchanged.toFixed(2) },
      "full run of all nights": { seconds: atOnce.toFixed(2) },
    });
    console.table(await compare(nightly, whole));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function recordsByPatient(folder: string): Promise<Map<string, Resource[]>> {
  const records = new Map<string, Resource[]>();
  for (const file of await readdir(folder)) {
    const bytes = await readFile(join(folder, file));
    const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
    for (const line of text.split("\n").filter(Boolean)) {
      const resource: Resource = JSON.parse(line);
      const patient: string | undefined =
        resource.resourceType === "Patient"
          ? resource.id
          : (resource.subject ?? resource.patient)?.reference?.split("/")[1];
      if (patient !== undefined) records.set(patient, [...(records.get(patient) ?? []), resource]);
    }
  }
  return records;
}

/** Newer versions of a dozen records of each of some patients, and every third night a deleted Condition of each. */
function deltaOf(records: Map<string, Resource[]>, night: number, patients: number): Resource {
  const ids = [...records.keys()].sort();
  const lastUpdated = new Date(Date.UTC(2027, 0, night)).toISOString();
  const entry: Resource[] = [];
  for (let i = 0; i < patients; i++) {
    const id = ids[(night * patients + i) % ids.length]!;
    const own = records.get(id)!;
    const gone = night % 3 === 0 ? own.find(({ resourceType }) => resourceType === "Condition") : undefined;
    if (gone) {
      entry.push({
        request: { method: "DELETE", url: `Condition/${gone.id}` },
        response: { lastModified: lastUpdated },
      });
    }
    for (const resource of own.filter((each) => each !== gone).slice(0, 12)) {
      const newer = structuredClone(resource);
      newer.meta = { ...newer.meta, versionId: String(night + 1), lastUpdated };
      if (newer.valueQuantity) newer.valueQuantity.value += 1;
      if (newer.resourceType === "Patient") newer.address = [{ ...newer.address?.[0], city: `City ${night}` }];
      entry.push({ resource: newer, request: { method: "PUT", url: `${newer.resourceType}/${newer.id}` } });
    }
    records.set(
      id,
      own.filter((each) => each !== gone),
    );
  }
  return { resourceType: "Bundle", type: "history", entry };
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** Rows and a hash of them, in any order, of each table of both warehouses. */
async function compare(nightly: Warehouse, whole: Warehouse): Promise<Record<string, object>> {
  const tables = await whole.rows<{ name: string }>(
    `select schema_name || '.' || table_name as name from duckdb_tables()
     where database_name = current_database() and schema_name in ('cdm', 'mapping') order by all`,
  );
  const compared: Record<string, object> = {};
  for (const { name } of tables) {
    const columns = await whole.columns(name);
    // Files are numbered in the order in which they came.
    const content = columns.some((column) => column.name === "file_id") ? "* exclude (file_id)" : "*";
    const query = `select count(*) as rows, bit_xor(md5_number_lower(book::varchar))::varchar as hash
      from (select ${content} from ${name}) book having count(*) > 0`;
    const [one, other] = [await nightly.row(query), await whole.row(query)];
    if (other) compared[name] = { ...other, equal: JSON.stringify(one) === JSON.stringify(other) };
  }
  return compared;
}
