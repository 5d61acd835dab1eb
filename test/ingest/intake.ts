import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import type { Fate, RunReport } from "../../schemas/report.ts";
import { type FhirFilesOptions, fhirFiles } from "../../src/ingest/fhir-files.ts";
import { openLanding } from "../../src/ingest/landing-tables.ts";
import { type MapToOmopOptions, mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { createRunReport } from "../../src/quality/run-report.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";
import { vocabularyCache } from "../support/folder.ts";

// biome-ignore lint/suspicious/noExplicitAny: tests write resources that no type allows.
export type Resource = any;

/** Of the records read, how many lie in landing, and how many do not and why. The sum has been checked. */
export type Landing = Readonly<Record<"read" | "landed" | "ignored" | "superseded" | "quarantined", number>>;

/** What became of the records of some files. */
export interface Ingested extends Landing {
  readonly by_type: Readonly<Record<string, Landing>>;
}

/** A folder to write FHIR into, and a warehouse in memory to land it in. */
export interface Intake extends AsyncDisposable {
  readonly folder: string;
  readonly warehouse: Warehouse;
  /** Writes a file below the folder and gives its path. */
  write(name: string, content: string | Buffer): Promise<string>;
  /** Lands files (default: the whole folder) without mapping them, and gives what became of their records. */
  ingest(inputs?: string | readonly string[], options?: FhirFilesOptions): Promise<Ingested>;
  /** Lands files (default: the whole folder), maps them, and gives the report, whose sums it has checked. */
  land(inputs?: string | readonly string[], options?: FhirFilesOptions): Promise<RunReport>;
  /** What was refused so far, by place. */
  quarantine(): Promise<{ line: number | null; byte: number | null; code: string; reason: string }[]>;
  /** The ids of the records that one landing table holds, sorted. */
  ids(table: string): Promise<string[]>;
}

/** Without `vocabulary` (a folder) all codes get concept 0. */
export async function openIntake(vocabulary?: string, rules: MapToOmopOptions = {}): Promise<Intake> {
  const folder = await mkdtemp(join(tmpdir(), "omopipe-intake-"));
  const warehouse = await openWarehouse(":memory:", { vocabulary, vocabularyCache });
  // Files of tests run side by side, and such few rows are no work for several threads.
  await warehouse.run("set threads = 1");
  return {
    folder,
    warehouse,
    async write(name, content) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
      return path;
    },
    async ingest(inputs = folder, options = {}) {
      const { files } = await pipeline(fhirFiles(inputs, options)).run(warehouse);
      return await landingOf(warehouse, files);
    },
    async land(inputs = folder, options = {}) {
      const filled = await pipeline(
        fhirFiles(inputs, options),
        mapToOmop({ noVocabulary: vocabulary === undefined, ...rules }),
      ).run(warehouse);
      const report = await createRunReport(warehouse, filled);
      expectFullAccount(report);
      return report;
    },
    quarantine: () =>
      warehouse.rows("select line, byte, code, reason from meta.quarantine order by file_id, line, byte, code"),
    async ids(table) {
      const rows = await warehouse.rows<{ id: string }>(`select id from landing.${table} order by id`);
      return rows.map(({ id }) => id);
    },
    async [Symbol.asyncDispose]() {
      await warehouse.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function landingOf(warehouse: Warehouse, files: readonly number[]): Promise<Ingested> {
  const landed = (await openLanding(warehouse)).map(
    ({ table, resourceType }) => `select landing_file as file_id, '${resourceType}' as resource_type from ${table}`,
  );
  const rows = await warehouse.rows<Landing & { resource_type: string | null }>(
    `select
       resource_type,
       sum(read)::bigint as read,
       coalesce(sum(landed), 0)::bigint as landed,
       sum(ignored)::bigint as ignored,
       sum(superseded)::bigint as superseded,
       sum(quarantined)::bigint as quarantined
     from meta.file_records
     left join (
       select file_id, resource_type, count(*) as landed from (${landed.join(" union all ")}) group by all
     ) using (file_id, resource_type)
     where list_contains([${files.join(", ")}], file_id)
     group by grouping sets ((resource_type), ())`,
  );
  for (const { read, landed, ignored, superseded, quarantined } of rows) {
    expect(read).toBe(landed + ignored + superseded + quarantined);
  }
  const named = rows.map(({ resource_type, ...fate }) => [resource_type, fate] as const);
  const all = named.find(([type]) => type === null)![1];
  return { ...all, by_type: Object.fromEntries(named.filter(([type]) => type !== null)) };
}

/** Every record read is in exactly one part of the report: in all, by type and by file; and refusals name their reason. */
export function expectFullAccount(report: RunReport): void {
  const { by_type, ...all } = report.resources;
  for (const fate of [all, ...Object.values(by_type), ...report.files]) {
    expect(fate.read).toBe(sumOfParts(fate));
  }
  expect(all.read).toBe(report.files.reduce((sum, file) => sum + file.read, 0));
  expect(all.dropped).toBe(report.dropped.reduce((sum, { count }) => sum + count, 0));
}

function sumOfParts({ mapped, reference, ignored, dropped, superseded, quarantined }: Fate): number {
  return mapped + reference + ignored + dropped + superseded + quarantined;
}

export const lines = (...resources: readonly Resource[]): string =>
  resources.map((resource) => `${JSON.stringify(resource)}\n`).join("");

export const patient = (id: string, more: object = {}): Resource => ({
  resourceType: "Patient",
  id,
  gender: "female",
  birthDate: "1950-06-01",
  ...more,
});

export const condition = (id: string, more: object = {}): Resource => ({
  resourceType: "Condition",
  id,
  code: { text: "a cough" },
  subject: { reference: "Patient/p" },
  onsetDateTime: "2019-05-01",
  ...more,
});

export const weight = (id: string, more: object = {}): Resource => ({
  resourceType: "Observation",
  id,
  status: "final",
  code: { coding: [{ system: "http://loinc.org", code: "29463-7" }] },
  subject: { reference: "Patient/p" },
  effectiveDateTime: "2019-05-01",
  valueQuantity: { value: 70, unit: "kg" },
  ...more,
});
