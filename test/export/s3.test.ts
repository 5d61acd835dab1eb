import { writeFile } from "node:fs/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { parquetLoads } from "../../src/export/parquet-loads.ts";
import { csv, parquet } from "../../src/export/sql-formats.ts";
import { mappedWarehouse } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { openWarehouse } from "../../src/warehouse/warehouse.ts";
import { openCdm, person } from "../support/cdm.ts";
import { failureOf } from "../support/failure.ts";
import { openFolder } from "../support/folder.ts";
import { type S3Server, serveS3 } from "../support/s3-server.ts";

const here = await openWarehouse(":memory:").then(async (warehouse) => {
  await using _ = warehouse;
  return await warehouse.run("load httpfs").then(
    () => true,
    () => false,
  );
});

const useStore = (store: S3Server) => {
  vi.stubEnv("AWS_ENDPOINT_URL_S3", store.url);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "of-the-test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "s3cret");
  vi.stubEnv("AWS_REGION", "eu-central-1");
};

afterEach(() => vi.unstubAllEnvs());

describe.skipIf(!here)("a store (skipped where DuckDB's extension httpfs is not installed)", () => {
  it("gets files, loads, and scores by outcome; all can be read back", async () => {
    await using store = await serveS3();
    useStore(store);
    await using folder = await openFolder();
    await using warehouse = await openCdm({ "cdm.person": [person(1), person(2)] });
    await warehouse.run("create table results.risk_score as select 1 as person_id, 'left' as outcome_id");
    await pipeline(
      mappedWarehouse(),
      parquet("s3://bucket/cdm/"),
      csv("s3://bucket/csv", { tables: ["person"] }),
      parquetLoads("s3://bucket/lake", { load: "one", tables: ["person"] }),
      parquet("s3://bucket/scores", { tables: ["risk_score"], byOutcome: true }),
    ).run(warehouse);
    expect([...store.objects.keys()].sort()).toEqual([
      "bucket/cdm/person.parquet",
      "bucket/cdm/risk_score.parquet",
      "bucket/csv/person.csv",
      "bucket/lake/load=one/person.parquet",
      "bucket/scores/risk_score_by_outcome.parquet/outcome_id=left/risk_score.parquet",
    ]);
    expect(store.keyIds).toEqual(new Set(["of-the-test"]));
    for (const [key, content] of store.objects) {
      const file = folder.file(key.replaceAll("/", "-"));
      await writeFile(file, content);
      const expected = key.includes("risk_score") ? 1 : 2;
      expect(await warehouse.rows(`select count(*) as rows from '${file}'`)).toEqual([{ rows: expected }]);
    }
  });

  it("that is no address of a server is refused", async () => {
    await using store = await serveS3();
    useStore(store);
    vi.stubEnv("AWS_ENDPOINT_URL_S3", "store.example:9000");
    await using warehouse = await openCdm({ "cdm.person": [person(1)] });
    const error = await failureOf(pipeline(mappedWarehouse(), parquet("s3://bucket/cdm")).run(warehouse));
    expect(error).toMatchObject({ code: "USAGE" });
    expect(error.message).toContain("AWS_ENDPOINT_URL_S3 is no address of a server");
  });
});
