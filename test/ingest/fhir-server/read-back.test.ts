import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fhirFiles } from "../../../src/ingest/fhir-files.ts";
import { type FhirServerOptions, fhirServer } from "../../../src/ingest/fhir-server/fhir-server.ts";
import { mapToOmop } from "../../../src/omop/map-to-omop.ts";
import { pipeline } from "../../../src/pipeline/pipeline.ts";
import { openWarehouse } from "../../../src/warehouse/warehouse.ts";
import { cdmHashes } from "../../support/cdm-hashes.ts";
import { type MedplumServer, serveMedplum } from "../../support/medplum-server.ts";
import { projectFile } from "../../support/sources.ts";

const folder = projectFile("sample-data/fhir/bundles");
/** A search for a patient's resources takes Medplum's memory a second, so it is given a few patients. */
const bundles = readdirSync(folder)
  .slice(0, 6)
  .map((name) => join(folder, name));
const vocabulary = projectFile("sample-data/vocabulary");

let server: MedplumServer;
let fromFiles: Record<string, string>;

beforeAll(async () => {
  server = await serveMedplum();
  for (const path of bundles) await server.load(JSON.parse(readFileSync(path, "utf8")));
  await using warehouse = await openWarehouse(":memory:", { vocabulary });
  await pipeline(fhirFiles(bundles), mapToOmop()).run(warehouse);
  fromFiles = await cdmHashes(warehouse);
}, 120_000);
afterAll(() => server[Symbol.asyncDispose]());

/** The tables that come of reading the server, and the warnings on the way. */
async function readBack(options: Partial<FhirServerOptions>) {
  await using warehouse = await openWarehouse(":memory:", { vocabulary });
  const warnings: string[] = [];
  await pipeline(fhirServer({ baseUrl: server.url, pageSize: 50, ...options }), mapToOmop()).run(warehouse, {
    onProgress: ({ stage, state, message }) => stage === "fhirServer" && state === "warning" && warnings.push(message!),
  });
  return { tables: await cdmHashes(warehouse), warnings };
}

describe("our sample data, read back from a FHIR server of others", () => {
  it("by a search for each type, gives the tables that its files give", async () => {
    expect(Object.keys(fromFiles).length).toBeGreaterThan(8);
    expect(await readBack({})).toEqual({ tables: fromFiles, warnings: [] });
  });

  it("by searches for each patient", async () => {
    expect(await readBack({ perPatient: "search" })).toEqual({ tables: fromFiles, warnings: [] });
  });

  it("by $everything of each patient", async () => {
    expect(await readBack({ perPatient: "everything" })).toEqual({ tables: fromFiles, warnings: [] });
  });
});
