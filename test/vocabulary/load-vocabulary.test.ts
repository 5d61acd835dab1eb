import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { loadVocabulary, vocabularyVersion } from "../../src/vocabulary/load-vocabulary.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";
import { athena, reversed, type TableText, without, writeAthena } from "../support/athena.ts";
import { failureOf } from "../support/failure.ts";
import { type Folder, openFolder } from "../support/folder.ts";

let folder: Folder;
let warehouse: Warehouse;

beforeEach(async () => {
  folder = await openFolder();
  warehouse = await openWarehouse(":memory:");
  onTestFinished(async () => {
    await warehouse.close();
    await folder[Symbol.asyncDispose]();
  });
});

const usual = {
  "CONCEPT.csv": athena.CONCEPT,
  "CONCEPT_RELATIONSHIP.csv": athena.CONCEPT_RELATIONSHIP,
  "VOCABULARY.csv": athena.VOCABULARY,
} as const;

const write = (files: Readonly<Record<string, TableText>>) => writeAthena(folder, files);
const load = () => loadVocabulary(warehouse, folder.path);
const concept = (id: number) => warehouse.row("from vocabulary.concept where concept_id = $1", [id]);
const counted = async () =>
  (await warehouse.row<{ rows: number }>("select count(*) as rows from vocabulary.concept"))!.rows;

describe("an Athena download", () => {
  it("is loaded with its release, and counted by table", async () => {
    await write({ ...usual, "DRUG_STRENGTH.csv": athena.DRUG_STRENGTH });
    const { version, rows, loaded } = await load();
    expect([version, loaded]).toEqual(["v5.0 30-AUG-24", true]);
    expect(rows).toMatchObject({ concept: 4, concept_relationship: 1, vocabulary: 2, drug_strength: 1, domain: 0 });
    expect(await vocabularyVersion(warehouse, "vocabulary")).toBe("v5.0 30-AUG-24");
    expect(await concept(201826)).toEqual({
      concept_id: 201826,
      concept_name: "Type 2 diabetes mellitus",
      domain_id: "Condition",
      vocabulary_id: "SNOMED",
      concept_class_id: "Disorder",
      standard_concept: "S",
      concept_code: "44054006",
      valid_start_date: "2002-01-31",
      valid_end_date: "2099-12-31",
      invalid_reason: null,
    });
  });

  it("has no quoting: a double quote is part of a name", async () => {
    await write(usual);
    await load();
    expect(await concept(4000001)).toMatchObject({ concept_name: 'Catheter, 7.5" long', concept_code: "1" });
  });

  it("may have a code that reads NA, which is no missing value", async () => {
    await write(usual);
    await load();
    expect(await concept(9000001)).toMatchObject({ concept_code: "NA", concept_name: "NA" });
  });

  it("has NULL where an optional column is empty, and the empty text where a required one is", async () => {
    const unnamed = "9000002||Observation|Other|Undefined|||19700101|20991231|";
    await write({ ...usual, "CONCEPT.csv": [...athena.CONCEPT, unnamed] });
    await load();
    expect(await concept(9000002)).toMatchObject({
      concept_name: "",
      concept_code: "",
      standard_concept: null,
      invalid_reason: null,
    });
  });

  it("may write dates as 20200229 and as 2020-02-29", async () => {
    await write(usual);
    await load();
    expect(await concept(9000001)).toMatchObject({ valid_start_date: "2020-02-29", valid_end_date: "2099-12-31" });
  });

  it("keeps numbers exact that are smaller than a thousandth", async () => {
    await write({ ...usual, "DRUG_STRENGTH.csv": athena.DRUG_STRENGTH });
    await load();
    expect(await warehouse.row("select amount_value, numerator_value from vocabulary.drug_strength")).toEqual({
      amount_value: 0.00012,
      numerator_value: null,
    });
  });

  it.each<[string, Record<string, TableText>]>([
    ["packed files", { "CONCEPT.csv.gz": athena.CONCEPT, "CONCEPT_RELATIONSHIP.csv.gz": athena.CONCEPT_RELATIONSHIP }],
    ["lower-case names", { "concept.csv": athena.CONCEPT, "concept_relationship.csv": athena.CONCEPT_RELATIONSHIP }],
    ["other endings", { "CONCEPT.tsv": athena.CONCEPT, "CONCEPT_RELATIONSHIP.txt": athena.CONCEPT_RELATIONSHIP }],
    [
      "columns in another order",
      { "CONCEPT.csv": reversed(athena.CONCEPT), "CONCEPT_RELATIONSHIP.csv": reversed(athena.CONCEPT_RELATIONSHIP) },
    ],
    [
      "upper-case columns",
      {
        "CONCEPT.csv": [athena.CONCEPT[0]!.toUpperCase(), ...athena.CONCEPT.slice(1)],
        "CONCEPT_RELATIONSHIP.csv": athena.CONCEPT_RELATIONSHIP,
      },
    ],
    [
      "line ends of Windows",
      {
        "CONCEPT.csv": athena.CONCEPT.map((line) => `${line}\r`) as unknown as TableText,
        "CONCEPT_RELATIONSHIP.csv": athena.CONCEPT_RELATIONSHIP,
      },
    ],
    [
      "an optional column missing",
      {
        "CONCEPT.csv": without("invalid_reason", athena.CONCEPT),
        "CONCEPT_RELATIONSHIP.csv": athena.CONCEPT_RELATIONSHIP,
      },
    ],
  ])("may come with %s", async (_, files) => {
    await write(files);
    const { version, rows } = await load();
    expect(version).toBe("");
    expect(rows).toMatchObject({ concept: 4, concept_relationship: 1, vocabulary: 0 });
    expect(await concept(201826)).toMatchObject({
      concept_name: "Type 2 diabetes mellitus",
      concept_code: "44054006",
      standard_concept: "S",
      valid_end_date: "2099-12-31",
      invalid_reason: null,
    });
  });

  it("may come with more than is needed", async () => {
    await write(usual);
    await folder.write("CONCEPT_CPT4.csv", "not\ta\tvocabulary\ttable\n");
    await folder.write("readme.txt", "unpack me");
    expect((await load()).rows.concept).toBe(4);
  });
});

describe("loading again", () => {
  it("does nothing when the files are the same, and tells so", async () => {
    await write(usual);
    const first = await load();
    const [database = ""] = first.databases;
    const before = await stat(database);
    expect(await load()).toEqual({ ...first, loaded: false });
    expect(await stat(database)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
  });

  it("replaces everything when a file has changed", async () => {
    await write({ ...usual, "DRUG_STRENGTH.csv": athena.DRUG_STRENGTH });
    await load();
    await folder[Symbol.asyncDispose]();
    await write({ ...usual, "CONCEPT.csv": athena.CONCEPT.slice(0, 2) as unknown as TableText });
    const { loaded, rows } = await load();
    expect(loaded).toBe(true);
    expect(rows).toMatchObject({ concept: 1, drug_strength: 0 });
  });

  it("tells which table it is at", async () => {
    await write(usual);
    const tables: string[] = [];
    await loadVocabulary(warehouse, folder.path, { onTable: (table) => tables.push(table) });
    expect(tables.sort()).toEqual(["concept", "concept_relationship", "vocabulary"]);
  });
});

describe("what is no vocabulary", () => {
  const howToGetOne = "Download one from Athena (athena.ohdsi.org";

  it("is a folder that does not exist", async () => {
    const error = await failureOf(loadVocabulary(warehouse, folder.file("athena")));
    expect(error.code).toBe("VOCABULARY_MISSING");
    expect(error.message).toContain(`The vocabulary folder ${folder.file("athena")} does not exist. ${howToGetOne}`);
  });

  it("is a file, such as the ZIP that was not unpacked", async () => {
    const zip = await folder.write("vocabulary.zip", "PK");
    const { code, message } = await failureOf(loadVocabulary(warehouse, zip));
    expect(code).toBe("VOCABULARY_MISSING");
    expect(message).toContain(`${zip} is neither a folder nor a .csv file with a table of a vocabulary.`);
    expect(message).toContain("unpack the ZIP");
  });

  it("is a folder without a table of one, also beside another", async () => {
    await write({ "CONCEPT.csv": athena.CONCEPT, "CONCEPT_RELATIONSHIP.csv": athena.CONCEPT_RELATIONSHIP });
    const file = await folder.write("rules/unmapped.csv", "source_code\n");
    const error = await failureOf(loadVocabulary(warehouse, [folder.path, dirname(file)]));
    expect(error.code).toBe("VOCABULARY_MISSING");
    expect(error.message).toContain(`The vocabulary folder ${dirname(file)} holds no table of a vocabulary`);
  });

  it("is a folder without CONCEPT and CONCEPT_RELATIONSHIP", async () => {
    await write({ "VOCABULARY.csv": athena.VOCABULARY });
    const both = await failureOf(load());
    expect(both.code).toBe("VOCABULARY_MISSING");
    expect(both.message).toContain("is no Athena download: CONCEPT.csv and CONCEPT_RELATIONSHIP.csv missing.");
    expect(both.message).toContain(howToGetOne);
    await write({ "CONCEPT_RELATIONSHIP.csv": athena.CONCEPT_RELATIONSHIP });
    expect((await failureOf(load())).message).toContain("is no Athena download: CONCEPT.csv missing.");
  });

  it.each([
    ["concept_id", "CONCEPT.csv", athena.CONCEPT],
    ["concept_code", "CONCEPT.csv", athena.CONCEPT],
    ["relationship_id", "CONCEPT_RELATIONSHIP.csv", athena.CONCEPT_RELATIONSHIP],
  ] as const)("is a file without the column %s", async (column, file, table) => {
    await write({ ...usual, [file]: without(column, table) });
    const { code, message } = await failureOf(load());
    expect(code).toBe("VOCABULARY_INVALID");
    expect(message).toContain(`${folder.file(file)} could not be loaded as`);
    expect(message).toContain(`column ${column} is missing`);
  });

  it("is a file whose lines break off, or whose numbers and dates are none", async () => {
    const lines = [
      "201827|Cough|Condition",
      "x|Cough|Condition|SNOMED|Disorder|S|1|20020131|20991231|",
      "201827|Cough|Condition|SNOMED|Disorder|S|1|31/01/2002|20991231|",
    ];
    for (const line of lines) {
      await write({ ...usual, "CONCEPT.csv": [...athena.CONCEPT, line] });
      expect(await failureOf(load()), line).toMatchObject({ code: "VOCABULARY_INVALID", cause: expect.any(Error) });
      expect(await folder.list()).toEqual(Object.keys(usual).sort());
    }
  });
});

describe("a vocabulary that was loaded before", () => {
  it("stays when another one cannot be loaded, and that one is tried again the next time", async () => {
    await write(usual);
    await load();
    await using broken = await openFolder();
    await writeAthena(broken, {
      ...usual,
      "CONCEPT.csv": athena.CONCEPT.slice(0, 2) as unknown as TableText,
      "CONCEPT_RELATIONSHIP.csv": [...athena.CONCEPT_RELATIONSHIP, "x|y|Maps to|never|ever|"],
    });
    for (const attempt of [1, 2]) {
      const error = await failureOf(loadVocabulary(warehouse, broken.path));
      expect(error, `attempt ${attempt}`).toMatchObject({ code: "VOCABULARY_INVALID" });
      expect(await counted()).toBe(4);
    }
    expect((await load()).loaded).toBe(false);
  });

  it("stays when loading is stopped", async () => {
    await write(usual);
    await load();
    await using other = await openFolder();
    await writeAthena(other, usual);
    const controller = new AbortController();
    const stopping = loadVocabulary(warehouse, other.path, {
      signal: controller.signal,
      onTable: () => controller.abort(new Error("Ctrl-C")),
    });
    await expect(stopping).rejects.toThrow("Ctrl-C");
    expect(await counted()).toBe(4);
    expect((await load()).loaded).toBe(false);
  });
});

const combined = fileURLToPath(new URL("../../../shared/data/omop-vocabulary/combined", import.meta.url));

describe.skipIf(!existsSync(combined))("a larger one (skipped without ../shared/data/omop-vocabulary/combined)", () => {
  it("is loaded row by row", async () => {
    const { rows, version } = await loadVocabulary(warehouse, combined, { cache: folder.path });
    expect(rows).toMatchObject({ concept: 6585, concept_relationship: 24253 });
    expect(version).toMatch(/^v5\.0 \d{2}-[A-Z]{3}-\d{2}$/);
  });
});
