import { cp, open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { csvFiles } from "../../src/ingest/csv-files.ts";
import { mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { createRunReport } from "../../src/quality/run-report.ts";
import { failureOf } from "../support/failure.ts";
import { expectFullAccount, type Intake, openIntake } from "./intake.ts";

const sample = fileURLToPath(new URL("../../sample-data/csv", import.meta.url));

/** Lands and maps a copy of the sample data of which one file was damaged. */
async function landDamaged(intake: Intake, file: string, damage: (content: string) => string | Buffer) {
  await cp(sample, intake.folder, { recursive: true });
  const path = join(intake.folder, file);
  await writeFile(path, damage(await readFile(path, "utf8")));
  return await land(intake);
}

async function land(intake: Intake) {
  const read = pipeline(csvFiles(intake.folder, { mapping: "synthea" }), mapToOmop({ noVocabulary: true }));
  const report = await createRunReport(intake.warehouse, await read.run(intake.warehouse));
  expectFullAccount(report);
  return report;
}

const rejects = (intake: Intake) =>
  intake.warehouse.rows(
    `select code, count(*) as rows, min(line) as first_line from meta.csv_reject where landing_row is null group by code order by code`,
  );

const rowsOf = (content: string) => content.trimEnd().split("\n");
const conditions = rowsOf(await readFile(join(sample, "conditions.csv"), "utf8")).length - 1;

describe("a copy of Synthea's files", () => {
  it("that breaks off inside a quoted cell loses the row it breaks off in", async () => {
    await using intake = await openIntake();
    const report = await landDamaged(intake, "conditions.csv", (content) => {
      const lines = rowsOf(content);
      return `${lines.slice(0, 50).join("\n")}\n${lines[50]!.replace(/,[^,]*$/, ',"Acute vir')}`;
    });
    expect(report.resources.by_type["conditions.csv"]).toMatchObject({ read: 50, mapped: 49, quarantined: 1 });
    expect(await rejects(intake)).toEqual([{ code: "OPEN_QUOTE", rows: 1, first_line: 51 }]);
  });

  it("with a stray quote loses the row that it stands in", async () => {
    await using intake = await openIntake();
    const report = await landDamaged(intake, "conditions.csv", (content) => {
      const lines = rowsOf(content);
      lines[10] = lines[10]!.replace(/,([^,]*)$/, ',"$1');
      return `${lines.join("\n")}\n`;
    });
    expect(report.resources.by_type["conditions.csv"]).toMatchObject({ read: conditions, quarantined: 1 });
    expect(await rejects(intake)).toEqual([{ code: "BROKEN_QUOTE", rows: 1, first_line: 11 }]);
  });

  it("whose columns stand in another order is the same", async () => {
    await using intake = await openIntake();
    await cp(sample, intake.folder, { recursive: true });
    const whole = await land(intake);
    const path = join(intake.folder, "patients.csv");
    const reversed = rowsOf(await readFile(path, "utf8")).map((line) => line.split(",").toReversed().join(","));
    await writeFile(path, `${reversed.join("\n")}\n`);
    const { resources, tables } = await land(intake);
    expect({ resources, tables }).toEqual({ resources: whole.resources, tables: whole.tables });
  });

  it("whose header does not belong to its rows is accounted for row by row", async () => {
    await using intake = await openIntake();
    const report = await landDamaged(intake, "conditions.csv", (content) => {
      const [header, ...rows] = rowsOf(content);
      return [header!.split(",").toReversed().join(","), ...rows, ""].join("\n");
    });
    expect(report.resources.by_type["conditions.csv"]).toMatchObject({ read: conditions, dropped: conditions });
  });

  it("whose rows have another delimiter than their header is rejected row by row", async () => {
    await using intake = await openIntake();
    const report = await landDamaged(intake, "conditions.csv", (content) => {
      const [header, ...rows] = rowsOf(content);
      return [header, ...rows.map((row) => row.replaceAll(",", "^")), ""].join("\n");
    });
    expect(report.resources.by_type["conditions.csv"]).toMatchObject({ read: conditions, quarantined: conditions });
    expect(await rejects(intake)).toEqual([{ code: "WRONG_COLUMN_COUNT", rows: conditions, first_line: 2 }]);
  });

  it("with a delimiter that nobody uses is refused, with what is missing", async () => {
    await using intake = await openIntake();
    const failure = landDamaged(intake, "conditions.csv", (content) => content.replaceAll(",", "^"));
    const { code, message } = await failureOf(failure);
    expect(code).toBe("CSV_MAPPING_INVALID");
    expect(message).toMatch(/conditions\.csv: none of the columns PATIENT, .* found\. Its first line must hold/);
  });

  it("with Latin-1 in some rows loses these", async () => {
    await using intake = await openIntake();
    const report = await landDamaged(intake, "conditions.csv", (content) => {
      const lines = rowsOf(content);
      for (const at of [5, 6, 60]) lines[at] += " (Ménière)";
      return Buffer.from(`${lines.join("\n")}\n`, "latin1");
    });
    expect(report.resources.by_type["conditions.csv"]).toMatchObject({ read: conditions, quarantined: 3 });
    expect(await rejects(intake)).toEqual([{ code: "NOT_UTF8", rows: 3, first_line: 6 }]);
  });

  it("with one line of 100 MB loses it, and takes no more memory than other data", { timeout: 120_000 }, async () => {
    await using intake = await openIntake();
    await cp(sample, intake.folder, { recursive: true });
    const before = process.memoryUsage().rss;
    const file = await open(join(intake.folder, "conditions.csv"), "a");
    const piece = Buffer.alloc(1 << 20, "x");
    for (let i = 0; i < 100; i++) await file.write(piece);
    await file.close();
    const report = await land(intake);
    expect(process.memoryUsage().rss - before).toBeLessThan(1 << 30);
    expect(report.resources.by_type["conditions.csv"]).toMatchObject({ read: conditions + 1, quarantined: 1 });
    expect(await rejects(intake)).toEqual([{ code: "LINE_TOO_LONG", rows: 1, first_line: conditions + 2 }]);
  });
});
