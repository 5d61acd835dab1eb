import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { fhirFiles } from "../../src/ingest/fhir-files.ts";
import { mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { cdmTableNames } from "../../src/warehouse/cdm-tables.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";
import { type Intake, openIntake } from "../ingest/intake.ts";
import { vocabularyCache } from "../support/folder.ts";

const data = fileURLToPath(new URL("../../../shared/data", import.meta.url));
const vocabulary = join(data, "omop-vocabulary/combined");
const here = existsSync(data);
const title = here ? "FHIR of others, from ../shared/data" : "FHIR of others (left out: ../shared/data is not there)";

/** Lands and maps one folder. The report adds up, or this throws. */
async function landFolder(intake: Intake, folder: string) {
  const report = await intake.land(join(data, folder));
  const { by_type, ...all } = report.resources;
  const dropped = Object.fromEntries(
    report.dropped.map(({ resource_type, reason, count }) => [`${resource_type}: ${reason}`, count]),
  );
  return { all, by_type, dropped, tables: report.tables, summary: report.summary };
}

describe.skipIf(!here)(title, { timeout: 120_000 }, () => {
  test("Synthea's Bundles of 2019: every record has its row", async () => {
    await using intake = await openIntake(vocabulary);
    const { all, by_type, dropped, tables, summary } = await landFolder(intake, "fhir-synthea-2019-bundles");
    // Practitioners and organizations are in the Bundle of each of their patients.
    expect(all).toMatchObject({
      read: 32_537,
      mapped: 27_807,
      reference: 3945,
      ignored: 541,
      superseded: 244,
      quarantined: 0,
    });
    expect(by_type.Patient).toMatchObject({ read: 120, mapped: 120 });
    expect(by_type.Encounter).toMatchObject({ read: 2907, mapped: 2907 });
    expect(by_type.Observation).toMatchObject({ read: 15_936, mapped: 15_936 });
    expect(by_type.DiagnosticReport, "their results are Observations").toMatchObject({ reference: 1038 });
    expect(dropped).toEqual({});
    expect(tables).toMatchObject({ person: 120, visit_occurrence: 2907, observation_period: 120, provider: 71 });
    expect(summary.off_vocab_rate, "at least 90 % of coded rows have a standard concept").toBeLessThan(0.1);
    const orphans = await intake.warehouse.row(
      "select count(*) as visits from cdm.measurement where visit_occurrence_id is null",
    );
    expect(orphans, "every measurement finds its visit").toEqual({ visits: 0 });
  });

  test("a Bulk Data export: all but its log", async () => {
    await using intake = await openIntake(vocabulary);
    const { all, by_type, dropped } = await landFolder(intake, "fhir-synthea-bulk-10-patients");
    expect(all).toMatchObject({ read: 7164, mapped: 5915, reference: 43, superseded: 0, quarantined: 4 });
    expect(by_type).toMatchObject({
      Patient: { mapped: 13 },
      Encounter: { mapped: 1215 },
      Procedure: { mapped: 2056 },
    });
    expect(dropped, "all but each patient's last").toEqual({ "DocumentReference: STATUS": 1202 });
    expect(await intake.quarantine()).toMatchObject([1, 2, 3, 4].map((line) => ({ line, code: "NOT_FHIR" })));
  });

  test("Pathling's NDJSON", async () => {
    await using intake = await openIntake(vocabulary);
    const { all, by_type } = await landFolder(intake, "fhir-pathling-ndjson");
    expect(all).toMatchObject({ read: 1583, mapped: 1582, reference: 1 });
    expect(by_type.Observation).toMatchObject({ mapped: 1502 });
  });

  test("the examples of US Core: what has no date, and what is no text, is refused", async () => {
    await using intake = await openIntake(vocabulary);
    const { all, by_type, dropped } = await landFolder(intake, "fhir-us-core-examples");
    expect(all).toMatchObject({ read: 236, mapped: 186, reference: 11, superseded: 1, quarantined: 0 });
    expect(by_type.Observation).toMatchObject({ read: 139, mapped: 139 });
    expect(dropped).toEqual({
      "AllergyIntolerance: NO_DATE": 2,
      "Device: NO_DATE": 2,
      "DiagnosticReport: REPORT_WITHOUT_TEXT": 1,
      "DocumentReference: NOT_TEXT": 4,
      "DocumentReference: TEXT_BY_URL": 4,
      "Encounter: NO_DATE": 2,
      "MedicationRequest: INTENT": 1,
      "Organization: INSURER": 1,
      "Specimen: NO_DATE": 1,
    });
  });

  test("deliberately odd files: three lists and a resource in a wrapper are no FHIR", async () => {
    await using intake = await openIntake(vocabulary);
    const { all, by_type, dropped } = await landFolder(intake, "fhir-ms-server-r4-samples");
    expect(all).toMatchObject({ read: 320, mapped: 50, quarantined: 4 });
    expect(dropped, "a mother's of which the focus is her child, and the reverse").toMatchObject({
      "Observation: FOCUS": 2,
    });
    expect(by_type.Patient).toMatchObject({ read: 8, mapped: 8 });
    for (const { code } of await intake.quarantine()) expect(code).toBe("NOT_FHIR");
  });

  test("records that all have a reason against them", async () => {
    await using intake = await openIntake(vocabulary);
    const { all, dropped } = await landFolder(intake, "fhir-cumulus-etl-samples");
    expect(all).toMatchObject({ read: 41, mapped: 9, reference: 4, quarantined: 2 });
    expect(dropped).toEqual({
      "AllergyIntolerance: NO_PERSON": 2,
      "Device: NO_SUBJECT": 2,
      "DiagnosticReport: NO_PERSON": 2,
      "DocumentReference: NO_PERSON": 1,
      "MedicationDispense: NO_PERSON": 2,
      "Specimen: NO_PERSON": 2,
      "Condition: STATUS": 2,
      "Encounter: STATUS": 2,
      "Immunization: NO_PERSON": 1,
      "Immunization: STATUS": 1,
      "MedicationRequest: NO_PERSON": 1,
      "MedicationRequest: STATUS": 1,
      "Observation: STATUS": 2,
      "Procedure: NO_PERSON": 2,
    });
  });

  test("conditions without their patients", async () => {
    await using intake = await openIntake(vocabulary);
    const { all, dropped } = await landFolder(intake, "fhir-mii-diagnose-examples");
    expect(all).toMatchObject({ read: 4, dropped: 4 });
    expect(dropped).toEqual({ "Condition: NO_PERSON": 4 });
  });

  test("two runs, and a run over the same files in another order, give the same rows under the same ids", async () => {
    const folder = join(data, "fhir-synthea-2019-bundles");
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".json"))
      .map((name) => join(folder, name))
      .slice(0, 40);
    const shuffled = files.toSorted((a, b) => digest(a).localeCompare(digest(b)));
    await using warehouse = await openWarehouse(":memory:", { vocabulary, vocabularyCache });
    await pipeline(fhirFiles(files), mapToOmop()).run(warehouse);
    const first = await hashes(warehouse);
    await pipeline(fhirFiles(files), mapToOmop()).run(warehouse);
    const second = await hashes(warehouse);
    await using other = await openWarehouse(":memory:", { vocabulary, vocabularyCache });
    for (const file of shuffled) await pipeline(fhirFiles(file)).run(other);
    await pipeline(fhirFiles(shuffled[0]!), mapToOmop()).run(other);
    const inAnotherOrder = await hashes(other);
    console.table(
      Object.keys(first).map((table) => ({
        table,
        first: first[table],
        second: second[table],
        inAnotherOrder: inAnotherOrder[table],
      })),
    );
    expect(Object.keys(first).length).toBeGreaterThan(10);
    expect(second).toEqual(first);
    expect(inAnotherOrder).toEqual(first);
  });
});

const digest = (text: string) => createHash("sha256").update(text).digest("hex");

/** A hash of each table that has rows; their order does not count. */
async function hashes(warehouse: Warehouse): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const table of cdmTableNames.filter((name) => name !== "cdm_source")) {
    const row = await warehouse.row<{ hash: string | null }>(
      `select printf('%016x', bit_xor(hash("row"))) as hash from cdm.${table} "row" having count(*) > 0`,
    );
    if (row?.hash) found[table] = row.hash;
  }
  return found;
}
