import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, it } from "vitest";
import { fhirFiles } from "../../src/ingest/fhir-files.ts";
import { mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import type { Stage } from "../../src/pipeline/stage.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";
import { condition, lines, patient, weight } from "../ingest/intake.ts";
import { killWhenItSpeaks } from "../support/child.ts";
import { omopipe } from "../support/command.ts";
import { failureOf } from "../support/failure.ts";
import { openFolder } from "../support/folder.ts";
import { projectFile } from "../support/sources.ts";

const statusOf = (file: string, ...more: readonly string[]) => omopipe(["status", "--warehouse", file, ...more]);
const map = mapToOmop({ noVocabulary: true });
const others = Array.from({ length: 8 }, (_, i) => patient(`other-${i}`));

describe("omopipe status", { timeout: 60_000 }, () => {
  it("tells what each run read, refused and wrote, and where one stopped", async () => {
    await using folder = await openFolder();
    const file = folder.file("warehouse.duckdb");
    await folder.write("in/1.ndjson", `${lines(...others, weight("w", { subject: undefined }))}{"no": "JSON\n`);
    {
      await using warehouse = await openWarehouse(file);
      await pipeline(fhirFiles(folder.file("in")), map).run(warehouse, { runId: "first" });
      await folder.write("in/2.ndjson", lines(patient("p"), condition("c")));
      await pipeline(fhirFiles(folder.file("in"))).run(warehouse, { runId: "landed only" });
      await failureOf(pipeline(fhirFiles(folder.file("none")), map).run(warehouse, { runId: "nothing there" }));
    }
    const { stdout } = await statusOf(file, "--format", "json");
    const { runs, files, pending } = JSON.parse(stdout);
    expect(runs).toMatchObject([
      { run_id: "nothing there", status: "failed", stage: "fhirFiles", counts: {} },
      {
        run_id: "landed only",
        status: "done",
        stage: null,
        counts: { fhirFiles: { files: 1, unchanged: 1, read: 2, quarantined: 0 } },
      },
      {
        run_id: "first",
        stages: ["fhirFiles", "mapToOmop"],
        counts: {
          fhirFiles: { files: 1, unchanged: 0, read: 10, ignored: 0, quarantined: 1, superseded: 0 },
          mapToOmop: { persons: 8, dropped: 1 },
        },
      },
    ]);
    expect(files).toMatchObject([{ source: "default", files: 2, read: 12, quarantined: 1 }]);
    expect(pending).toEqual({ mapping: false, patients: 1, others: 0 });

    const { stdout: table } = await statusOf(file);
    expect(table).toMatch(/^started_at .* read +quarantined +dropped +rows/m);
    expect(table).toMatch(/failed .* fhirFiles → mapToOmop +fhirFiles +.*does not exist/);
    expect(table).toContain(
      "Pending: the records of 1 patients, and 0 of no patient, have changed since they were mapped.",
    );
  });

  it("shows the beginning of a long message, and all of it as JSON", async () => {
    await using folder = await openFolder();
    const file = folder.file("warehouse.duckdb");
    const message = `It was\n${"very ".repeat(100)}bad.`;
    {
      await using warehouse = await openWarehouse(file);
      await warehouse.run(
        "insert into meta.run values ('r', ['stage'], now()::timestamp, now()::timestamp, 'failed', $1, 'stage')",
        [message],
      );
    }
    const shown = `It was ${"very ".repeat(100)}`.slice(0, 99);
    expect((await statusOf(file)).stdout).toContain(`  ${shown}…\n`);
    expect(JSON.parse((await statusOf(file, "--format", "json")).stdout).runs).toMatchObject([{ message }]);
  });

  it("tells of how much each run warned, and of what at first the last one that did", async () => {
    await using folder = await openFolder();
    const file = folder.file("warehouse.duckdb");
    const warning = (count: number, fails: boolean): Stage<undefined, void, Warehouse> => ({
      name: "warning",
      execute(_input, { warn }) {
        for (let i = 1; i <= count; i++) warn(`Thing ${i}\nis odd.`);
        if (fails) throw new Error("no");
      },
    });
    {
      await using warehouse = await openWarehouse(file);
      await pipeline(warning(1, false)).run(warehouse);
      await failureOf(pipeline(warning(7, true)).run(warehouse));
      await pipeline(warning(0, false)).run(warehouse);
    }
    const { runs } = JSON.parse((await statusOf(file, "--format", "json")).stdout);
    const things = Array.from({ length: 7 }, (_, i) => `Thing ${i + 1}\nis odd.`);
    expect(runs.map(({ warnings }: { warnings: unknown }) => warnings)).toEqual([[], things, things.slice(0, 1)]);
    const { stdout } = await statusOf(file);
    expect(stdout).toContain(`Warnings of the run of ${runs[1].started_at}:\n  Thing 1 is odd.\n  Thing 2 is odd.\n`);
    expect(stdout).toContain("  Thing 5 is odd.\n  and 2 more: --format json\n");
  });

  it("says of a DuckDB file of somebody else that it is no warehouse", async () => {
    await using folder = await openFolder();
    const file = folder.file("other.duckdb");
    const instance = await DuckDBInstance.create(file);
    instance.closeSync();
    expect(await statusOf(file)).toMatchObject({
      code: 1,
      stderr: `${file} is a DuckDB file, but no warehouse of omopipe.\n`,
    });
  });

  it("says who has the warehouse, while somebody writes to it", async () => {
    await using folder = await openFolder();
    const file = folder.file("warehouse.duckdb");
    await using _writer = await openWarehouse(file);
    const { code, stdout, stderr } = await statusOf(file);
    expect([code, stdout]).toEqual([75, ""]);
    expect(stderr).toContain(`${file} is in use by another process (${process.execPath}, process ${process.pid})`);
  });

  it("knows a run whose process was killed, and the stage in which it was", async () => {
    await using folder = await openFolder();
    const file = folder.file("warehouse.duckdb");
    await killWhenItSpeaks("write-until-killed.ts", file);
    const { stdout } = await statusOf(file, "--format", "json");
    expect(JSON.parse(stdout).runs).toMatchObject([
      { run_id: "killed", status: "aborted", stage: "writes", message: "the process ended before the run did" },
    ]);
  });

  it("reads the warehouse of an earlier release", async () => {
    await using folder = await openFolder();
    const earlier = gunzipSync(readFileSync(projectFile("test/warehouse/earlier/0.1.0-first.duckdb.gz")));
    const file = await folder.write("warehouse.duckdb", earlier);
    const { stdout } = await statusOf(file, "--format", "json");
    expect(JSON.parse(stdout)).toMatchObject({
      runs: [{ status: "done", stage: null, counts: {} }],
      files: [{ files: 3, read: 76 }],
      pending: { mapping: true },
    });
  });
});
