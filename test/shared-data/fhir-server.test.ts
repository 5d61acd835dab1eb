import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { fhirFiles } from "../../src/ingest/fhir-files.ts";
import { type FhirServerOptions, fhirServer } from "../../src/ingest/fhir-server/fhir-server.ts";
import { mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { openWarehouse } from "../../src/warehouse/warehouse.ts";
import { cdmHashes } from "../support/cdm-hashes.ts";
import { vocabularyCache } from "../support/folder.ts";
import { serveMedplum } from "../support/medplum-server.ts";

const data = fileURLToPath(new URL("../../../shared/data", import.meta.url));
const folder = join(data, "fhir-synthea-2019-bundles");
const vocabulary = join(data, "omop-vocabulary/combined");
const here = existsSync(data);
const title = here
  ? "Synthea's Bundles of 2019 in a FHIR server of others"
  : "FHIR servers (left out: ../shared/data is not there)";

/**
 * Medplum's memory sorts all resources of a type for each page, so it is given every sixth of the 120 patients, and all of them
 * with OMOPIPE_TEST_EVERY=1.
 */
const every = Number(process.env.OMOPIPE_TEST_EVERY ?? 6);
const some = (): string[] =>
  readdirSync(folder)
    .filter((_, i) => i % every === 0)
    .map((name) => join(folder, name));

function bundleOf(path: string) {
  const bytes = readFileSync(path);
  return JSON.parse((path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString());
}

describe.skipIf(!here)(title, { timeout: 120_000 + 720_000 / every }, () => {
  test("come back by searches and by $everything as the tables that their files give", async () => {
    const options = { vocabulary, vocabularyCache };
    await using fromFiles = await openWarehouse(":memory:", options);
    await pipeline(fhirFiles(some()), mapToOmop()).run(fromFiles);
    const expected = await cdmHashes(fromFiles);
    await using server = await serveMedplum();
    for (const path of some()) await server.load(bundleOf(path));
    const readBack = async (how: Partial<FhirServerOptions>) => {
      await using warehouse = await openWarehouse(":memory:", options);
      await pipeline(fhirServer({ baseUrl: server.url, pageSize: 1000, ...how }), mapToOmop()).run(warehouse);
      return await cdmHashes(warehouse);
    };
    expect(Object.keys(expected).length).toBeGreaterThan(10);
    expect(await readBack({}), "by searches").toEqual(expected);
    const hydrate = ["Practitioner", "Organization", "Medication", "Location"];
    expect(await readBack({ perPatient: "everything", hydrate }), "by $everything").toEqual(expected);
  });
});
