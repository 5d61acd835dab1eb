import { readFile, stat, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { fhirFiles } from "../../src/ingest/fhir-files.ts";
import { mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { unmappedCodes } from "../../src/quality/unmapped-codes.ts";
import { openWarehouse } from "../../src/warehouse/warehouse.ts";
import { condition, lines, patient, type Resource, weight } from "../ingest/intake.ts";
import { type Folder, openFolder } from "../support/folder.ts";

const vocabulary = fileURLToPath(new URL("../omop/vocabulary", import.meta.url));
const hospital = "http://hospital.example/codes";
const snomed = "http://snomed.info/sct";

const coded = (id: string, system: string | undefined, code: string, display?: string): Resource =>
  condition(id, { code: { coding: [{ system, code, display }] } });

/** Maps resources with the vocabulary and, where there is one, a list that was filled in; writes the list anew. */
async function mapAndList(folder: Folder, resources: readonly Resource[], filledIn: readonly string[] = []) {
  const warehouse = await openWarehouse(":memory:", { vocabulary: [vocabulary, ...filledIn] });
  const input = await folder.write("in/all.ndjson", lines(patient("p"), ...resources));
  await pipeline(fhirFiles(input), mapToOmop(), unmappedCodes(folder.file("out"))).run(warehouse);
  return { warehouse, csv: (await readFile(folder.file("out/unmapped.csv"), "utf8")).trimEnd().split("\n") };
}

test("the worklist names every code without concept, those of most rows first", async () => {
  await using folder = await openFolder();
  const { warehouse, csv } = await mapAndList(folder, [
    coded("a", snomed, "999000001", "Blue spots"),
    coded("b", hospital, "X1", "Green spots"),
    coded("c", hospital, "X1", "Green spots"),
    coded("known", snomed, "44054006"),
    coded("no system", undefined, "Y9"),
    condition("words", { code: { text: "spots" } }),
    weight("w", {
      valueQuantity: { value: 70, unit: "stoneweights", system: "http://unitsofmeasure.org", code: "stw" },
    }),
  ]);
  await using _ = warehouse;

  expect(await warehouse.rows("from mapping.unmapped order by rows desc, role, system, code, display")).toEqual([
    {
      role: "condition",
      system: hospital,
      code: "X1",
      display: "Green spots",
      vocabulary_id: null,
      rows: 2,
      tables: ["condition_occurrence"],
    },
    expect.objectContaining({ system: snomed, code: "999000001", vocabulary_id: "SNOMED", rows: 1 }),
    expect.objectContaining({ system: null, code: "Y9" }),
    expect.objectContaining({ system: null, code: null, display: "spots" }),
    expect.objectContaining({ role: "unit", code: "stw", vocabulary_id: "UCUM", tables: ["measurement"] }),
  ]);
  expect(csv).toEqual([
    "source_code,source_concept_id,source_vocabulary_id,source_code_description,target_concept_id,target_vocabulary_id,valid_start_date,valid_end_date,invalid_reason",
    `X1,0,${hospital},Green spots,0,None,1970-01-01,2099-12-31,`,
    "999000001,0,SNOMED,Blue spots,0,None,1970-01-01,2099-12-31,",
    "stw,0,UCUM,stoneweights,0,None,1970-01-01,2099-12-31,",
  ]);
});

test("records that left no row want no concept", async () => {
  await using folder = await openFolder();
  const { warehouse, csv } = await mapAndList(folder, [
    { ...coded("stranger", hospital, "X1"), subject: { reference: "Patient/nobody" } },
  ]);
  await using _ = warehouse;
  expect(csv).toHaveLength(1);
  expect(await warehouse.rows("from mapping.unmapped")).toEqual([]);
});

test("filled in and loaded back, the list maps its codes; lines left at 0 do not", async () => {
  await using folder = await openFolder();
  const resources = [
    coded("a", snomed, "999000001", 'Spots, "blue"'),
    coded("b", hospital, "X1", "Green spots"),
    coded("c", hospital, "X2", "Red spots"),
  ];
  const before = await mapAndList(folder, resources);
  await before.warehouse.close();
  const filledIn = folder.file("filled-in.csv");
  const fill = (line: string) =>
    line.replace(/,0,None,/, /^(999000001|X1),/.test(line) ? ",201826,SNOMED," : ",0,None,");
  await writeFile(filledIn, before.csv.map(fill).join("\n"));

  const { warehouse, csv } = await mapAndList(folder, resources, [filledIn]);

  await using _ = warehouse;
  expect(
    await warehouse.rows("select code, concept_id, status, found_by from mapping.code_mapping order by code"),
  ).toEqual([
    { code: "999000001", concept_id: 201826, status: "MAPPED", found_by: "USER_RULE" },
    { code: "X1", concept_id: 201826, status: "MAPPED", found_by: "USER_RULE" },
    { code: "X2", concept_id: 0, status: "UNMAPPED", found_by: null },
  ]);
  expect(csv.map((line) => line.split(",")[0])).toEqual(["source_code", "X2"]);
});

test("what is filled in in the list itself stays there, and counts each time", async () => {
  await using folder = await openFolder();
  const resources = [coded("a", hospital, "X1", 'Spots, "green"'), coded("b", hospital, "X2", "Red spots")];
  const before = await mapAndList(folder, resources);
  await before.warehouse.close();
  const list = folder.file("out/unmapped.csv");
  const header = before.csv[0];
  const filledIn = `X1,0,${hospital},"Spots, ""green""",201826,SNOMED,1970-01-01,2099-12-31,`;
  await writeFile(list, [header, filledIn, ...before.csv.filter((line) => line.startsWith("X2"))].join("\n"));

  const written = new Set<number>();
  for (const _ of ["one night", "the next"]) {
    const { warehouse, csv } = await mapAndList(folder, resources, [list]);
    expect(await warehouse.rows("select code from mapping.unmapped")).toEqual([{ code: "X2" }]);
    expect(csv).toEqual([header, `X2,0,${hospital},Red spots,0,None,1970-01-01,2099-12-31,`, filledIn]);
    written.add((await stat(list)).mtimeMs);
    await warehouse.close();
  }
  expect(written.size).toBe(1);
});

test("what is filled in but not loaded yet stays too, however it was saved, and is not asked for again", async () => {
  await using folder = await openFolder();
  await folder.write(
    "out/unmapped.csv",
    "source_code;source_concept_id;source_vocabulary_id;target_concept_id;target_vocabulary_id;valid_start_date;valid_end_date\r\n" +
      `X1;0;${hospital};201826;SNOMED;1970-01-01;2099-12-31\r\n`,
  );
  const { warehouse, csv } = await mapAndList(folder, [coded("a", hospital, "X1"), coded("b", hospital, "X2")]);
  await using _ = warehouse;
  expect(csv.slice(1)).toEqual([
    `X2,0,${hospital},X2,0,None,1970-01-01,2099-12-31,`,
    `X1,0,${hospital},,201826,SNOMED,1970-01-01,2099-12-31,`,
  ]);
});

test("a list that cannot be read is not written over", async () => {
  await using folder = await openFolder();
  const list = await folder.write("out/unmapped.csv", "my notes\n");
  await expect(mapAndList(folder, [coded("a", hospital, "X1")])).rejects.toMatchObject({ code: "VOCABULARY_INVALID" });
  expect(await readFile(list, "utf8")).toBe("my notes\n");
});

test("values without a line in the concept map are in the worklist, and no rules to be", async () => {
  await using folder = await openFolder();
  const { warehouse, csv } = await mapAndList(folder, [
    {
      resourceType: "Encounter",
      id: "v",
      status: "finished",
      class: { code: "XX" },
      subject: { reference: "Patient/p" },
      period: { start: "2020-01-01" },
      hospitalization: {
        admitSource: { coding: [{ code: "moon" }] },
        dischargeDisposition: { coding: [{ code: "home" }] },
      },
    },
    { ...patient("q"), gender: "other" },
    { ...patient("r"), gender: "robot" },
  ]);
  await using _ = warehouse;
  const unknown = { system: "concept-map.csv", display: "has no line there", vocabulary_id: null, rows: 1 };
  expect(await warehouse.rows("from mapping.unmapped order by role")).toEqual([
    { ...unknown, role: "admit source", code: "moon", tables: ["visit_occurrence"] },
    { ...unknown, role: "encounter class", code: "XX", tables: ["visit_occurrence"] },
    { ...unknown, role: "gender", code: "robot", tables: ["person"] },
  ]);
  expect(csv).toHaveLength(1);
});
