import { type BulkExportOptions, bulkExport } from "../../../src/ingest/bulk-export/bulk-export.ts";
import { fhirFiles } from "../../../src/ingest/fhir-files.ts";
import { mapToOmop } from "../../../src/omop/map-to-omop.ts";
import { pipeline } from "../../../src/pipeline/pipeline.ts";
import { openWarehouse, type Warehouse } from "../../../src/warehouse/warehouse.ts";
import type { ServedFile } from "../../support/bulk-server.ts";
import { cdmHashes, landingHashes } from "../../support/cdm-hashes.ts";
import { condition, lines, patient, weight } from "../intake.ts";

/** Waits as short as a test can bear. */
export const quick = {
  poll: { firstMilliseconds: 1 },
  backoff: { firstMilliseconds: 1, capMilliseconds: 50 },
} satisfies Partial<BulkExportOptions>;

/** A few patients with an umlaut in each line, so that no cut can miss all of them. */
export const files: readonly ServedFile[] = [0, 1, 2, 3, 4, 5].map((part) => {
  const numbers = Array.from({ length: 40 }, (_, i) => part * 40 + i);
  if (part < 2) {
    return {
      type: "Patient",
      text: lines(...numbers.map((i) => patient(`p${i}`, { address: [{ city: `Köln ${i} 🏥` }] }))),
    };
  }
  const subject = (i: number) => ({ reference: `Patient/p${i % 80}` });
  if (part < 4) {
    const code = (i: number) => ({ text: `Grüße ${"ü€😀".repeat(i)}` });
    return {
      type: "Condition",
      text: lines(...numbers.map((i) => condition(`c${i}`, { subject: subject(i), code: code(i) }))),
    };
  }
  return { type: "Observation", text: lines(...numbers.map((i) => weight(`o${i}`, { subject: subject(i) }))) };
});

/** Runs an export into a warehouse: what has landed, and what was said. */
export async function readExport(options: BulkExportOptions, warehouse: Warehouse) {
  const warnings: string[] = [];
  const messages: string[] = [];
  await pipeline(bulkExport({ ...quick, ...options })).run(warehouse, {
    onProgress: ({ stage, state, message }) => {
      if (stage !== "bulkExport" || message === undefined) return;
      if (state === "warning") warnings.push(message);
      if (state === "running") messages.push(message);
    },
  });
  return { landed: await landingHashes(warehouse), warnings, messages };
}

/** What the same files give when they are read from a folder: in landing, and mapped. */
export async function readFiles(folder: string, write: (name: string, text: string) => Promise<string>) {
  for (const [i, { type, text }] of files.entries()) await write(`${i}-${type}.ndjson`, text);
  await using warehouse = await openWarehouse(":memory:");
  await pipeline(fhirFiles(folder), mapToOmop({ noVocabulary: true })).run(warehouse);
  return { landed: await landingHashes(warehouse), tables: await cdmHashes(warehouse) };
}
