import { describe, expect, it } from "vitest";
import { csvFiles } from "../../src/ingest/csv-files.ts";
import { fhirFiles } from "../../src/ingest/fhir-files.ts";
import { forgetLanding } from "../../src/omop/forget-landing.ts";
import { mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";
import { condition, lines, openIntake, patient, weight } from "../ingest/intake.ts";
import { failureOf } from "../support/failure.ts";
import { projectFile } from "../support/sources.ts";
import { booksOf, differences } from "./books.ts";

const map = mapToOmop({ noVocabulary: true });
const landedRows = async (warehouse: Warehouse) => {
  const tables = await warehouse.rows<{ name: string }>(
    "select table_name as name from duckdb_tables() where schema_name = 'landing' and database_name = 'warehouse'",
  );
  const counts = tables.map(({ name }) => `select count(*) as rows from landing.${name}`).join(" union all ");
  return (await warehouse.row<{ rows: number }>(`select sum(rows)::bigint as rows from (${counts})`))!.rows;
};

describe("forgetLanding", () => {
  it("keeps no record, and the next run over all files leaves the same as if all were new", async () => {
    await using intake = await openIntake();
    await using whole = await openIntake();
    const run = () => pipeline(fhirFiles(intake.folder), map, forgetLanding()).run(intake.warehouse);
    const write = async (name: string, text: string) => {
      await intake.write(name, text);
      await whole.write(name, text);
    };
    await write("1.ndjson", lines(patient("p"), condition("c"), weight("w")));
    await run();
    expect(await landedRows(intake.warehouse)).toBe(0);
    expect(await intake.warehouse.row("select count(*) as rows from cdm.person")).toEqual({ rows: 1 });
    await write("2.ndjson", lines(patient("q"), condition("d", { subject: { reference: "Patient/q" } })));
    await run();
    await run();
    await whole.land();
    expect(differences(await booksOf(intake.warehouse), await booksOf(whole.warehouse))).toEqual([]);
    expect(await landedRows(intake.warehouse)).toBe(0);
  });

  it("does not let a run without one of the files remove its rows", async () => {
    await using intake = await openIntake();
    const first = await intake.write("1.ndjson", lines(patient("p")));
    await pipeline(fhirFiles(first), map, forgetLanding()).run(intake.warehouse);
    const second = await intake.write("2.ndjson", lines(patient("q")));
    const error = await failureOf(pipeline(fhirFiles(second), map).run(intake.warehouse));
    expect(error).toMatchObject({ code: "USAGE", message: expect.stringContaining(`(${first} is the first)`) });
    expect(await intake.warehouse.row("select count(*) as rows from cdm.person")).toEqual({ rows: 1 });
    await intake.land();
    expect(await intake.warehouse.row("select count(*) as rows from cdm.person")).toEqual({ rows: 2 });
  });

  it("keeps records again, and maps only what changes, when the next run does", async () => {
    await using intake = await openIntake();
    await intake.write("1.ndjson", lines(...Array.from({ length: 8 }, (_, i) => patient(`other-${i}`))));
    await pipeline(fhirFiles(intake.folder), map, forgetLanding()).run(intake.warehouse);
    await intake.land();
    const later = await intake.write("2.ndjson", lines(patient("q")));
    await intake.land(later);
    expect(await intake.warehouse.row("select count(*) as rows from cdm.person")).toEqual({ rows: 9 });
  });

  it("keeps no rows of CSV either", { timeout: 60_000 }, async () => {
    await using warehouse = await openWarehouse(":memory:");
    const read = csvFiles(projectFile("sample-data/csv"), { mapping: "synthea" });
    const fhir = fhirFiles(projectFile("sample-data/fhir/ndjson"), { source: "fhir" });
    await pipeline(fhir, read, map, forgetLanding()).run(warehouse);
    expect(await landedRows(warehouse)).toBe(0);
    expect(await warehouse.row("select count(*) as rows from cdm.person")).toEqual({ rows: 50 });
  });
});
