import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type Intake, openIntake } from "../ingest/intake.ts";

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
  return { all, by_type, dropped, tables: report.tables };
}

describe.skipIf(!here)(title, { timeout: 120_000 }, () => {
  test("Synthea's Bundles of 2019: every record has its row", async () => {
    await using intake = await openIntake(vocabulary);
    const { all, by_type, dropped, tables } = await landFolder(intake, "fhir-synthea-2019-bundles");
    expect(all).toMatchObject({ read: 32_537, dropped: 0, superseded: 0, quarantined: 0 });
    expect(by_type.Patient).toMatchObject({ read: 120, mapped: 120 });
    expect(by_type.Encounter).toMatchObject({ read: 2907, mapped: 2907 });
    expect(by_type.Observation).toMatchObject({ read: 15_936, mapped: 15_936 });
    expect(dropped).toEqual({});
    expect(tables).toMatchObject({ person: 120, visit_occurrence: 2907, observation_period: 120 });
    const orphans = await intake.warehouse.row(
      "select count(*) as visits from cdm.measurement where visit_occurrence_id is null",
    );
    expect(orphans, "every measurement finds its visit").toEqual({ visits: 0 });
  });

  test("a Bulk Data export: all but its log", async () => {
    await using intake = await openIntake(vocabulary);
    const { all, by_type, dropped } = await landFolder(intake, "fhir-synthea-bulk-10-patients");
    expect(all).toMatchObject({ read: 7164, dropped: 0, superseded: 0, quarantined: 4 });
    expect(by_type).toMatchObject({
      Patient: { mapped: 13 },
      Encounter: { mapped: 1215 },
      Procedure: { mapped: 2056 },
    });
    expect(dropped).toEqual({});
    expect(await intake.quarantine()).toMatchObject([1, 2, 3, 4].map((line) => ({ line, code: "NOT_FHIR" })));
  });

  test("Pathling's NDJSON", async () => {
    await using intake = await openIntake(vocabulary);
    const { all, by_type } = await landFolder(intake, "fhir-pathling-ndjson");
    expect(all).toMatchObject({ read: 1583, mapped: 1582, ignored: 1 });
    expect(by_type.Observation).toMatchObject({ mapped: 1502 });
  });

  test("the examples of US Core: visits without a date and a plan are refused", async () => {
    await using intake = await openIntake(vocabulary);
    const { all, by_type, dropped } = await landFolder(intake, "fhir-us-core-examples");
    expect(all).toMatchObject({ read: 236, superseded: 0, quarantined: 0 });
    expect(by_type.Observation).toMatchObject({ read: 139, mapped: 139 });
    expect(dropped).toEqual({ "Encounter: NO_DATE": 2, "MedicationRequest: INTENT": 1 });
  });

  test("deliberately odd files: three lists and a resource in a wrapper are no FHIR", async () => {
    await using intake = await openIntake(vocabulary);
    const { all, by_type } = await landFolder(intake, "fhir-ms-server-r4-samples");
    expect(all).toMatchObject({ read: 320, superseded: 0, quarantined: 4 });
    expect(by_type.Patient).toMatchObject({ read: 8, mapped: 8 });
    for (const { code } of await intake.quarantine()) expect(code).toBe("NOT_FHIR");
  });

  test("records that all have a reason against them", async () => {
    await using intake = await openIntake(vocabulary);
    const { all, dropped } = await landFolder(intake, "fhir-cumulus-etl-samples");
    expect(all).toMatchObject({ read: 41, mapped: 2, reference: 2, quarantined: 2 });
    expect(dropped).toEqual({
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
});
