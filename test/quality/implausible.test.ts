import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { fhirFiles } from "../../src/ingest/fhir-files.ts";
import { mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { createRunReport } from "../../src/quality/run-report.ts";
import { openWarehouse } from "../../src/warehouse/warehouse.ts";
import { condition, lines, patient, type Resource, weight } from "../ingest/intake.ts";
import { openFolder } from "../support/folder.ts";

const vocabulary = fileURLToPath(new URL("../omop/vocabulary", import.meta.url));

/** What is marked of the rows of these records, and counted in the report. */
async function implausible(...resources: readonly Resource[]) {
  await using folder = await openFolder();
  await using warehouse = await openWarehouse(":memory:", { vocabulary });
  const input = await folder.write("all.ndjson", lines(...resources));
  const mapped = await pipeline(fhirFiles(input), mapToOmop()).run(warehouse);
  const marked = await warehouse.rows<{ resource_id: string; problem: string }>(
    `select resource_id, problem
     from mapping.implausible join mapping.lineage using (cdm_table, cdm_id)
     order by all`,
  );
  return {
    marked: marked.map((row) => `${row.resource_id}: ${row.problem}`),
    report: await createRunReport(warehouse, mapped),
  };
}

const born = (birthDate: string, more: object = {}) => ({ ...patient("p"), birthDate, ...more });
const onset = (id: string, onsetDateTime: string, abatementDateTime?: string) =>
  condition(id, { onsetDateTime, abatementDateTime });
const measured = (id: string, value: number, code: string) =>
  weight(id, { code: { coding: [{ system: "http://loinc.org", code }] }, valueQuantity: { value } });

test("rows that cannot be as they are are kept, marked and counted", async () => {
  const { marked, report } = await implausible(
    born("1950-06-02", { deceasedDateTime: "2019-01-01" }),
    onset("ends too early", "2010-02-02", "2010-02-01"),
    onset("before birth", "1950-06-01"),
    onset("long dead", "2019-03-03"),
    onset("long ago", "1899-12-31"),
    onset("not yet", "2999-01-01"),
  );
  expect(marked).toEqual([
    "before birth: BEFORE_BIRTH",
    "ends too early: END_BEFORE_START",
    "long ago: BEFORE_1900",
    "long ago: BEFORE_BIRTH",
    "long dead: AFTER_DEATH",
    "not yet: AFTER_DEATH",
    "not yet: IN_FUTURE",
  ]);
  expect(report.tables.condition_occurrence).toBe(5);
  expect(report.implausible).toContainEqual({ cdm_table: "condition_occurrence", problem: "BEFORE_BIRTH", rows: 2 });
});

test("what may be is not marked: the day of birth, a year known only, two months after death, an end to come", async () => {
  const { marked, report } = await implausible(
    born("1950", { deceasedDateTime: "2019-01-01" }),
    onset("at birth", "1950-01-01", "1950-01-01"),
    onset("about the death", "2019-03-02"),
    onset("in a month", "2010-05", "2010-05"),
    onset("expected to end", "2010-05-01", "2999-01-01"),
  );
  expect(marked).toEqual([]);
  expect(report.implausible).toEqual([]);
});

test("a negative value is marked unless the CDM allows it", async () => {
  const { marked } = await implausible(
    born("1950"),
    measured("weight", -70, "29463-7"),
    measured("unknown", -1, "no-such-code"),
    measured("base excess", -3, "11555-0"),
    measured("none", 0, "29463-7"),
  );
  expect(marked).toEqual(["unknown: NEGATIVE_VALUE", "weight: NEGATIVE_VALUE"]);
});
