import { describe, expect, it } from "vitest";
import { arrow } from "../../src/export/arrow.ts";
import { parquet } from "../../src/export/sql-formats.ts";
import { mappedWarehouse } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { openCdm, person } from "../support/cdm.ts";
import { failureOf } from "../support/failure.ts";

describe("an address to write to", () => {
  it.each(["s3://bucket/cdm", "https://store.example/cdm/"])(
    "%s says what is missing where DuckDB's extension cannot be had",
    async (place) => {
      await using warehouse = await openCdm({ "cdm.person": [person(1)] });
      // No extension is there, and none can be downloaded.
      await warehouse.run(
        "set extension_directory = '/dev/null/none'; set custom_extension_repository = 'http://127.0.0.1:1'",
      );
      const error = await failureOf(pipeline(mappedWarehouse(), parquet(place)).run(warehouse));
      expect(error).toMatchObject({ code: "EXPORT_FAILED", stage: "parquet" });
      expect(error.message).toMatch(
        /cannot be written to: DuckDB does that by its extension httpfs, which is not installed here and could not be downloaded \(.+\)\. Install it/,
      );
    },
  );

  it("must be one that DuckDB knows, and of a format that it writes", async () => {
    await using warehouse = await openCdm({ "cdm.person": [person(1)] });
    expect((await failureOf(pipeline(mappedWarehouse(), parquet("ftp://host/cdm")).run(warehouse))).code).toBe("USAGE");
    expect(() => arrow("s3://bucket/cdm")).toThrow("parquet and csv go there");
  });
});
