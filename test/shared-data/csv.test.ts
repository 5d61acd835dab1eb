import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { csvFiles } from "../../src/ingest/csv-files.ts";
import { mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { createRunReport } from "../../src/quality/run-report.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";
import { expectFullAccount } from "../ingest/intake.ts";
import { vocabularyCache } from "../support/folder.ts";
import { projectFile } from "../support/sources.ts";

const data = projectFile("../shared/data");
const vocabulary = join(data, "omop-vocabulary/combined");
const here = existsSync(data);
const title = here ? "CSV of others, from ../shared/data" : "CSV of others (left out: ../shared/data is not there)";

/** Maps one folder. The report adds up, or this throws. */
async function mapFolder(warehouse: Warehouse, folder: string, mapping: string) {
  const mapped = await pipeline(csvFiles(join(data, folder), { mapping }), mapToOmop()).run(warehouse);
  const report = await createRunReport(warehouse, mapped);
  expectFullAccount(report);
  return report;
}

const openMemory = () => openWarehouse(":memory:", { vocabulary, vocabularyCache });

describe.skipIf(!here)(title, { timeout: 120_000 }, () => {
  test("Synthea's CSV: 27 patients, every row accounted for, every table filled", async () => {
    await using warehouse = await openMemory();
    const { resources, tables, summary } = await mapFolder(warehouse, "csv-synthea-dbt", "synthea");
    const { by_type, ...all } = resources;
    expect(all).toMatchObject({ read: 11_003, mapped: 9672, reference: 1278, ignored: 53, dropped: 0, quarantined: 0 });
    const mapped = Object.fromEntries(Object.entries(by_type).map(([file, fate]) => [file, fate.mapped]));
    expect(mapped).toMatchObject({
      "patients.csv": 27,
      "encounters.csv": 604,
      "conditions.csv": 438,
      "observations.csv": 990,
      "medications.csv": 663,
      "procedures.csv": 249,
      "immunizations.csv": 29,
      "allergies.csv": 40,
      "careplans.csv": 49,
      "devices.csv": 3,
      "supplies.csv": 72,
      "organizations.csv": 63,
      "providers.csv": 166,
      "payer_transitions.csv": 1051,
      "claims_transactions.csv": 5228,
    });
    expect(tables).toMatchObject({
      person: 27,
      visit_occurrence: 604,
      condition_occurrence: 187,
      drug_exposure: 692,
      procedure_occurrence: 199,
      measurement: 620,
      observation: 760,
      device_exposure: 75,
      death: 2,
      payer_plan_period: 1051,
      provider: 166,
      care_site: 63,
      location: 90,
      cost: 1545,
    });
    expect(summary.off_vocab_rate, "at least 90 % of coded rows have a standard concept").toBeLessThan(0.1);
  });

  test("Synthea's visits know their providers and places, and their costs; payers stand by name", async () => {
    await using warehouse = await openMemory();
    await mapFolder(warehouse, "csv-synthea-dbt", "synthea");
    const without = await warehouse.row(
      `select count(*) filter (provider_id is null) as provider, count(*) filter (care_site_id is null) as care_site
       from cdm.visit_occurrence`,
    );
    expect(without).toEqual({ provider: 0, care_site: 0 });
    const costs = await warehouse.rows("select cost_domain_id, count(*) as rows from cdm.cost group by all order by 1");
    expect(costs).toEqual([
      { cost_domain_id: "Drug", rows: 692 },
      { cost_domain_id: "Measurement", rows: 82 },
      { cost_domain_id: "Procedure", rows: 167 },
      { cost_domain_id: "Visit", rows: 604 },
    ]);
    const paid =
      "round(sum(total_charge), 2) as charged, round(sum(total_paid), 2) as paid, round(sum(paid_by_payer), 2) as by_payer";
    const billed = await warehouse.row(
      `select
         round(sum("AMOUNT"::double) filter ("TYPE" = 'CHARGE'), 2) as charged,
         round(sum("PAYMENTS"::double), 2) as paid,
         round(sum("PAYMENTS"::double) filter ("METHOD" = 'ECHECK'), 2) as by_payer
       from landing.csv_claims_transactions`,
    );
    expect(await warehouse.row(`select ${paid} from cdm.cost`)).toEqual(billed);
    const payers = await warehouse.rows(
      "select distinct payer_source_value as name from cdm.payer_plan_period order by 1",
    );
    expect(payers.map(({ name }) => name)).toContain("Medicaid");
  });

  test("SMART's sample patients, tab-separated and wide", async () => {
    await using warehouse = await openMemory();
    const { resources, dropped, tables } = await mapFolder(
      warehouse,
      "csv-smart-sample-patients",
      "smart-sample-patients",
    );
    const { by_type: _, ...all } = resources;
    expect(all).toMatchObject({ read: 7062, mapped: 6974, ignored: 34, dropped: 54, quarantined: 0 });
    expect(dropped).toEqual([
      { resource_type: "socialhistory.txt", reason: "NO_DATE", count: 50 },
      { resource_type: "immunizations.txt", reason: "NO_EVENT", count: 4 },
    ]);
    expect(tables).toMatchObject({
      person: 67,
      condition_occurrence: 561,
      drug_exposure: 1711,
      procedure_occurrence: 23,
    });
    const measures = await warehouse.row(
      `select
         (select count(*) from cdm.measurement where measurement_source_value = '8480-6') as rows,
         (select count("SYSTOLIC") from landing.csv_vitals_txt) as filled`,
    );
    expect(measures!.rows).toBe(measures!.filled);
  });
});
