import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fhirFiles } from "../../src/ingest/fhir-files.ts";
import { mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { openWarehouse } from "../../src/warehouse/warehouse.ts";
import { serveBulk } from "../support/bulk-server.ts";
import { cdmHashes } from "../support/cdm-hashes.ts";
import { killAtRandom } from "../support/child.ts";
import { openFolder } from "../support/folder.ts";
import { serveMedplum } from "../support/medplum-server.ts";
import { projectFile } from "../support/sources.ts";
import { files, readFiles } from "./bulk-export/read-export.ts";

/** The suite has little time: OMOPIPE_TEST_KILLS=20 kills more often. */
const kills = Number(process.env.OMOPIPE_TEST_KILLS ?? 3);

const tell = (what: string, killed: number) =>
  process.env.OMOPIPE_TEST_KILLS && console.log(`${what}: ${killed} of ${kills} kills met the run at work`);

describe("a run that is killed at random moments and run again", { timeout: 60_000 + kills * 15_000 }, () => {
  it("ends with the same tables when it reads an export", async () => {
    await using folder = await openFolder();
    await using server = await serveBulk({ files, pages: 3, looks: 3, fileMilliseconds: 1500 });
    const warehouseFile = folder.file("warehouse.duckdb");
    const { killed, code } = await killAtRandom(
      kills,
      3000,
      "run-download.ts",
      warehouseFile,
      "bulkExport",
      server.url,
    );
    tell("export", killed);
    expect({ code, killed: killed > 0 }).toEqual({ code: 0, killed: true });
    await using warehouse = await openWarehouse(warehouseFile);
    expect(await cdmHashes(warehouse)).toEqual(
      (await readFiles(folder.file("files"), (name, text) => folder.write(`files/${name}`, text))).tables,
    );
    expect(await warehouse.row("select count(*) filter (phase <> 'landed') as unfinished from meta.download")).toEqual({
      unfinished: 0,
    });
    expect(existsSync(`${warehouseFile}.downloads`)).toBe(false);
  });

  it("ends with the same tables when it searches", async () => {
    await using folder = await openFolder();
    await using server = await serveMedplum(async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return false;
    });
    const samples = projectFile("sample-data/fhir/bundles");
    const bundles = readdirSync(samples)
      .slice(0, 8)
      .map((name) => join(samples, name));
    for (const path of bundles) await server.load(JSON.parse(readFileSync(path, "utf8")));
    const warehouseFile = folder.file("warehouse.duckdb");
    const { killed, code } = await killAtRandom(
      kills,
      3000,
      "run-download.ts",
      warehouseFile,
      "fhirServer",
      server.url,
    );
    tell("searches", killed);
    expect({ code, killed: killed > 0 }).toEqual({ code: 0, killed: true });
    await using warehouse = await openWarehouse(warehouseFile);
    await using expected = await openWarehouse(":memory:");
    await pipeline(fhirFiles(bundles), mapToOmop({ noVocabulary: true })).run(expected);
    expect(await cdmHashes(warehouse)).toEqual(await cdmHashes(expected));
    expect(existsSync(`${warehouseFile}.downloads`)).toBe(false);
  });
});
