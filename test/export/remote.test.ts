import { describe, expect, it } from "vitest";
import { arrow } from "../../src/export/arrow.ts";
import { parquetLoads } from "../../src/export/parquet-loads.ts";
import { parquet } from "../../src/export/sql-formats.ts";
import { batchFiles } from "../../src/features/batch-files.ts";
import { mappedWarehouse } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { runReport } from "../../src/quality/run-report.ts";
import { unmappedCodes } from "../../src/quality/unmapped-codes.ts";
import { openCdm, person } from "../support/cdm.ts";
import { failureOf } from "../support/failure.ts";

describe("an address to write to", () => {
  it.each([
    ["s3://bucket/cdm", parquet],
    ["https://store.example/cdm/", parquet],
    ["s3://bucket/lake", parquetLoads],
  ])("%s says what is missing where DuckDB's extension cannot be had", async (place, write) => {
    await using warehouse = await openCdm({ "cdm.person": [person(1)] });
    // No extension is there, and none can be downloaded.
    await warehouse.run(
      "set extension_directory = '/dev/null/none'; set custom_extension_repository = 'http://127.0.0.1:1'",
    );
    const error = await failureOf(pipeline(mappedWarehouse(), write(place)).run(warehouse));
    expect(error).toMatchObject({ code: "EXPORT_FAILED", stage: write.name });
    expect(error.message).toMatch(
      /cannot be written to: DuckDB does that by its extension httpfs, which is not installed here and could not be downloaded \(.+\)\. Install it/,
    );
  });

  it("must be one that DuckDB knows", async () => {
    await using warehouse = await openCdm({ "cdm.person": [person(1)] });
    expect((await failureOf(pipeline(mappedWarehouse(), parquet("ftp://host/cdm")).run(warehouse))).code).toBe("USAGE");
  });

  it.each([
    ["Arrow files", () => arrow("s3://bucket/cdm")],
    ["batch files", () => batchFiles("s3://bucket/cdm")],
    ["report.json", () => runReport("s3://bucket/cdm")],
    ["unmapped.csv", () => unmappedCodes("s3://bucket/cdm")],
  ])("is none for %s: a folder of that name would be made", (_, stage) => {
    expect(stage).toThrow("to folders only, not to s3://bucket/cdm. The tables can go there as Parquet or CSV");
  });
});
