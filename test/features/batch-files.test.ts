import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { batchFiles } from "../../src/features/batch-files.ts";
import { patientHistories } from "../../src/features/patient-histories.ts";
import type { BatchFileOptions } from "../../src/features/write-batch-files.ts";
import { mappedWarehouse } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { concept, condition, measurement, openCdm, person } from "../support/cdm.ts";
import { failureOf } from "../support/failure.ts";
import { type Folder, openFolder } from "../support/folder.ts";

async function write(folder: Folder, options: BatchFileOptions = {}, people = 2): Promise<void> {
  const ids = Array.from({ length: people }, (_, i) => i + 1);
  await using warehouse = await openCdm({
    "vocab.concept": [concept(1, "ICD10CM", "I10"), concept(2, "LOINC", "4548-4")],
    "cdm.person": ids.map((id) => person(id)),
    "cdm.condition_occurrence": ids.map((id) => condition(id, "2020-01-01", { source: 1 })),
    "cdm.measurement": [measurement(1, "2020-02-01", { concept: 2 })],
  });
  const histories = patientHistories({ asOf: "2026-01-01", patientId: "person_id" });
  await pipeline(mappedWarehouse(), histories, batchFiles(folder.path, options)).run(warehouse);
}

const linesOf = async (folder: Folder, file: string) => {
  const bytes = await readFile(folder.file(file));
  const [header = "", ...rows] = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString().trim().split("\n");
  return [header, ...rows.sort()];
};

describe("the files of a batch", () => {
  it("are one of each kind that has rows, with the columns of the contract", async () => {
    await using folder = await openFolder();
    await write(folder);
    expect(await folder.list()).toEqual(["diagnoses-1.csv", "lab_results-1.csv", "patients-1.csv"]);
    expect(await linesOf(folder, "patients-1.csv")).toEqual([
      "patient_id,birth_date,sex,zip3",
      "1,1950-06-01,F,000",
      "2,1950-06-01,F,000",
    ]);
    expect(await linesOf(folder, "diagnoses-1.csv")).toEqual([
      "patient_id,diagnosis_date,code,code_type_name",
      "1,2020-01-01,I10,ICD10",
      "2,2020-01-01,I10,ICD10",
    ]);
    expect(await linesOf(folder, "lab_results-1.csv")).toEqual([
      "patient_id,lab_date,loinc,value_abnormal",
      "1,2020-02-01,4548-4,",
    ]);
  });

  it("may be compressed, have other columns, and take the place of those before", async () => {
    await using folder = await openFolder();
    await write(folder);
    await folder.write("notes.txt", "of the user");
    await write(folder, { gzip: true, columns: { diagnoses: { code: "dx_code" } } });
    const files = ["diagnoses-1.csv.gz", "lab_results-1.csv.gz", "notes.txt", "patients-1.csv.gz"];
    expect(await folder.list()).toEqual(files);
    expect((await linesOf(folder, "diagnoses-1.csv.gz"))[0]).toBe("patient_id,diagnosis_date,dx_code,code_type_name");
  });

  it("are several where they would grow too large; together they have every row once", async () => {
    await using folder = await openFolder();
    await write(folder, { fileSizeBytes: 50_000 }, 20_000);
    const files = (await folder.list()).filter((file) => file.startsWith("diagnoses"));
    expect(files.length).toBeGreaterThan(2);
    const rows = (await Promise.all(files.map((file) => linesOf(folder, file)))).flatMap(([, ...rows]) => rows);
    expect(new Set(rows).size).toBe(20_000);
    expect(rows).toHaveLength(20_000);
  });

  it("are refused for a column that they do not have", async () => {
    await using folder = await openFolder();
    const error = await failureOf(write(folder, { columns: { patients: { name: "n" } } }));
    expect(error).toMatchObject({ code: "USAGE", stage: "batchFiles" });
  });

  it.each([0, -1, 9_999, 20_000.5, Number.NaN])(
    "are refused in a size of %d: a file a row would fill any disk",
    async (fileSizeBytes) => {
      await using folder = await openFolder();
      const error = await failureOf(write(folder, { fileSizeBytes }));
      expect(error).toMatchObject({ code: "USAGE", stage: "batchFiles" });
      expect(await folder.list()).toEqual([]);
    },
  );
});
