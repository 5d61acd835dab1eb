import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { type Fate, type RunReport, runReportSchema } from "../../schemas/report.ts";
import { fhirFiles } from "../../src/ingest/fhir-files.ts";
import { type Filled, mappedWarehouse, mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { createRunReport, runReport } from "../../src/quality/run-report.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";
import { condition, lines, patient, weight } from "../ingest/intake.ts";
import { athena, writeAthena } from "../support/athena.ts";
import { failureOf } from "../support/failure.ts";
import { type Folder, openFolder } from "../support/folder.ts";

const diabetes = { coding: [{ system: "http://snomed.info/sct", code: "44054006" }] };

/** Records of every fate, in two files. */
async function writeRecords(folder: Folder): Promise<void> {
  await folder.write(
    "in/a.ndjson",
    lines(
      patient("p"),
      condition("1", { code: diabetes }),
      condition("2"),
      weight("w", { meta: { lastUpdated: "2020-01-01T00:00:00Z" } }),
      weight("x", { status: "entered-in-error" }),
      { resourceType: "Medication", id: "m", code: { text: "a drug" } },
      { resourceType: "Basic", id: "b" },
      { resourceType: "Basic", id: "c" },
    ),
  );
  await folder.write(
    "in/b.ndjson",
    `${lines(weight("w", { meta: { lastUpdated: "2021-01-01T00:00:00Z" } }))}{"resourceType": "Patient", "id":\n`,
  );
}

async function run(folder: Folder, warehouse: Warehouse): Promise<Filled> {
  await writeRecords(folder);
  return await pipeline(fhirFiles(folder.file("in")), mapToOmop({ noVocabulary: true })).run(warehouse, {
    runId: "run-1",
  });
}

const fate = (some: Partial<Fate>): Fate => ({
  read: 0,
  mapped: 0,
  reference: 0,
  ignored: 0,
  dropped: 0,
  superseded: 0,
  quarantined: 0,
  ...some,
});

describe("the report of a run", () => {
  it("says of every record that was read what became of it: in all, by type and by file", async () => {
    await using folder = await openFolder();
    await using warehouse = await openWarehouse(":memory:");
    const report = await createRunReport(warehouse, await run(folder, warehouse));
    const { by_type, ...all } = report.resources;
    expect(all).toEqual(
      fate({ read: 10, mapped: 4, reference: 1, ignored: 2, dropped: 1, superseded: 1, quarantined: 1 }),
    );
    expect(by_type).toEqual({
      Patient: fate({ read: 1, mapped: 1 }),
      Condition: fate({ read: 2, mapped: 2 }),
      Observation: fate({ read: 3, mapped: 1, dropped: 1, superseded: 1 }),
      Medication: fate({ read: 1, reference: 1 }),
      Basic: fate({ read: 2, ignored: 2 }),
      "(unreadable)": fate({ read: 1, quarantined: 1 }),
    });
    expect(report.files).toEqual([
      {
        path: folder.file("in/a.ndjson"),
        format: "ndjson",
        problems: [],
        ...fate({ read: 8, mapped: 3, reference: 1, ignored: 2, dropped: 1, superseded: 1 }),
      },
      {
        path: folder.file("in/b.ndjson"),
        format: "ndjson",
        problems: [expect.stringMatching(/^line 2: /)],
        ...fate({ read: 2, mapped: 1, quarantined: 1 }),
      },
    ]);
  });

  it("has in read the sum of the six others, wherever it is said", async () => {
    await using folder = await openFolder();
    await using warehouse = await openWarehouse(":memory:");
    const { resources, files } = await createRunReport(warehouse, await run(folder, warehouse));
    for (const some of [resources, ...Object.values(resources.by_type), ...files]) {
      const { read, mapped, reference, ignored, dropped, superseded, quarantined } = some;
      expect(mapped + reference + ignored + dropped + superseded + quarantined).toBe(read);
    }
  });

  it("says why records were dropped, and which tables have rows", async () => {
    await using folder = await openFolder();
    await using warehouse = await openWarehouse(":memory:");
    const filled = await run(folder, warehouse);
    const report = await createRunReport(warehouse, filled);
    expect(report.dropped).toEqual([{ resource_type: "Observation", reason: "STATUS", count: 1 }]);
    expect(report.tables).toEqual(filled.tables);
    expect(report.tables).toMatchObject({ person: 1, condition_occurrence: 2, measurement: 1 });
  });

  it("tells of parts of records that were left out, where the record was kept", async () => {
    await using folder = await openFolder();
    await using warehouse = await openWarehouse(":memory:");
    const components = [
      { code: { text: "kept" }, valueInteger: 1 },
      { code: { text: "absent" }, dataAbsentReason: {} },
    ];
    const records = [
      patient("p", { deceasedBoolean: true }),
      weight("kept", { component: components }),
      weight("dropped", { status: "entered-in-error", component: components }),
    ];
    const path = await folder.write("all.ndjson", lines(...records));
    const filled = await pipeline(fhirFiles(path), mapToOmop({ noVocabulary: true })).run(warehouse);
    const { dropped, dropped_parts } = await createRunReport(warehouse, filled);
    expect(dropped).toEqual([{ resource_type: "Observation", reason: "STATUS", count: 1 }]);
    expect(dropped_parts).toEqual([
      { resource_type: "Observation", reason: "DATA_ABSENT", count: 1 },
      { resource_type: "Patient", reason: "NO_DEATH_DATE", count: 1 },
    ]);
  });

  it("counts events by how their code became a concept", async () => {
    await using folder = await openFolder();
    await writeAthena(folder, {
      "CONCEPT.csv": athena.CONCEPT,
      "CONCEPT_RELATIONSHIP.csv": athena.CONCEPT_RELATIONSHIP,
      "VOCABULARY.csv": athena.VOCABULARY,
    });
    await writeRecords(folder);
    await using warehouse = await openWarehouse(":memory:", { vocabulary: folder.path });
    const filled = await pipeline(fhirFiles(folder.file("in")), mapToOmop()).run(warehouse);
    const report = await createRunReport(warehouse, filled);
    expect(report.summary).toEqual({
      codes_already_standard: 1,
      codes_normalized: 0,
      codes_unmapped: 2,
      off_vocab_rate: 2 / 3,
    });
    expect(report.vocab_version).toBe("v5.0 30-AUG-24");
  });

  it("has no rate to tell, and no release, where nothing was mapped with a vocabulary", async () => {
    await using folder = await openFolder();
    await using warehouse = await openWarehouse(":memory:");
    await folder.write("in/a.ndjson", lines(patient("p")));
    const filled = await pipeline(fhirFiles(folder.file("in")), mapToOmop({ noVocabulary: true })).run(warehouse);
    const { summary, vocab_version } = await createRunReport(warehouse, filled);
    expect([summary.off_vocab_rate, vocab_version]).toEqual([0, ""]);
  });

  it("of a run from a mapped warehouse has read nothing, but tells of its tables", async () => {
    await using folder = await openFolder();
    await using warehouse = await openWarehouse(":memory:");
    await run(folder, warehouse);
    const report = await createRunReport(warehouse, await pipeline(mappedWarehouse()).run(warehouse));
    expect(report.resources).toEqual({ ...fate({}), by_type: {} });
    expect([report.files, report.tables.person]).toEqual([[], 1]);
  });

  it("is of this run's files alone", async () => {
    await using folder = await openFolder();
    await using warehouse = await openWarehouse(":memory:");
    await run(folder, warehouse);
    await folder.write("later/c.ndjson", lines(condition("3")));
    const later = await pipeline(fhirFiles(folder.file("later")), mapToOmop({ noVocabulary: true })).run(warehouse);
    const report = await createRunReport(warehouse, later);
    expect(report.resources).toEqual({
      ...fate({ read: 1, mapped: 1 }),
      by_type: { Condition: fate({ read: 1, mapped: 1 }) },
    });
    expect(report.tables.condition_occurrence).toBe(3);
  });
});

describe("two books that do not agree", () => {
  it.each([
    ["a record is missing in that of the mapping", "delete from mapping.file_fate where resource_type = 'Condition'"],
    ["a count of the mapping is off", "update mapping.file_fate set mapped = mapped + 1"],
    ["a type is missing in that of the files", "delete from meta.file_records where resource_type = 'Condition'"],
    ["a count of the files is off", "update meta.file_records set read = read + 1 where resource_type = 'Basic'"],
  ])("make the report throw: %s", async (_, tamper) => {
    await using folder = await openFolder();
    await using warehouse = await openWarehouse(":memory:");
    const filled = await run(folder, warehouse);
    await warehouse.run(tamper);
    const { code, message } = await failureOf(createRunReport(warehouse, filled));
    expect(code).toBe("STAGE_FAILED");
    expect(message).toMatch(
      / of file \d+: \d+ records were read but \d+ are accounted for\. This is a fault of omopipe/,
    );
  });
});

describe("report.json", () => {
  it("is written into a folder that is made for it, as the schema has it, and whole", async () => {
    await using folder = await openFolder();
    await using warehouse = await openWarehouse(":memory:");
    await writeRecords(folder);
    const out = folder.file("out/today");
    const filled = await pipeline(fhirFiles(folder.file("in")), mapToOmop({ noVocabulary: true }), runReport(out)).run(
      warehouse,
      { runId: "run-1" },
    );
    const report: RunReport = runReportSchema.parse(JSON.parse(await readFile(`${out}/report.json`, "utf8")));
    expect(report).toEqual(await createRunReport(warehouse, filled));
    expect(report.run_id).toBe("run-1");
    expect(await folder.list()).toEqual(["in", "out"]);
  });

  it("is not written when the books do not agree", async () => {
    await using folder = await openFolder();
    await using warehouse = await openWarehouse(":memory:");
    await writeRecords(folder);
    const tamper = {
      name: "tamper",
      execute: (_: unknown, { target }: { target: Warehouse }) => target.run("delete from mapping.file_fate"),
    };
    const running = pipeline(
      fhirFiles(folder.file("in")),
      mapToOmop({ noVocabulary: true }),
      tamper,
      runReport(folder.file("out")),
    ).run(warehouse);
    expect(await failureOf(running)).toMatchObject({ stage: "runReport" });
    expect(await folder.list()).toEqual(["in"]);
  });
});
