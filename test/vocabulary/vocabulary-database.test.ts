import { chmod, mkdir, readdir, rename, utimes } from "node:fs/promises";
import { basename } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { fhirFiles } from "../../src/ingest/fhir-files.ts";
import { mapToOmop } from "../../src/omop/map-to-omop.ts";
import type { OmopipeError } from "../../src/pipeline/errors.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { type LoadedVocabulary, loadVocabulary } from "../../src/vocabulary/load-vocabulary.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";
import { condition, lines, patient, type Resource } from "../ingest/intake.ts";
import { athena, type TableText, writeAthena } from "../support/athena.ts";
import { resultOfChild } from "../support/child.ts";
import { failureOf } from "../support/failure.ts";
import { type Folder, openFolder } from "../support/folder.ts";

let folder: Folder;
/** The folder of the vocabulary. */
let download: string;

beforeEach(async () => {
  folder = await openFolder();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  download = folder.file("athena");
  await write("athena", athena);
});

const write = (name: string, files: Readonly<Record<string, TableText>>) =>
  writeAthena(
    { ...folder, write: (file, content) => folder.write(`${name}/${file}`, content) },
    Object.fromEntries(Object.entries(files).map(([table, rows]) => [`${table}.csv`, rows])),
  );

const open = async (path = ":memory:", options: Parameters<typeof openWarehouse>[1] = {}): Promise<Warehouse> => {
  const warehouse = await openWarehouse(path, options);
  onTestFinished(() => warehouse.close());
  return warehouse;
};

const nameOf = async (warehouse: Warehouse, id: number) =>
  (
    await warehouse.row<{ name: string }>("select concept_name as name from vocabulary.concept where concept_id = $1", [
      id,
    ])
  )?.name;

describe("the database of a vocabulary", () => {
  it("lies beside its files, is made once, and serves many warehouses at the same time", async () => {
    const [first, second] = [await open(), await open()];
    const made = await loadVocabulary(first, download);
    expect(made.databases.map((path) => basename(path))).toEqual([
      expect.stringMatching(/^omopipe-vocabulary-[0-9a-f]{16}\.duckdb$/),
    ]);
    expect(await loadVocabulary(second, download)).toEqual({ ...made, loaded: false });
    expect(await nameOf(first, 201826)).toBe("Type 2 diabetes mellitus");
    expect(await nameOf(second, 201826)).toBe("Type 2 diabetes mellitus");
  });

  it("may be kept in a folder of its own, where those of folders with one name are told apart", async () => {
    await write("other/athena", {
      ...athena,
      CONCEPT: [athena.CONCEPT[0], "1|Cough|Condition|SNOMED|Disorder|S|1|20020131|20991231|"],
    });
    const cache = folder.file("new/cache");
    const warehouse = await open();
    const one = await loadVocabulary(warehouse, download, { cache });
    const other = await loadVocabulary(warehouse, folder.file("other/athena"), { cache });
    expect([one.rows.concept, other.rows.concept]).toEqual([4, 1]);
    expect((await loadVocabulary(warehouse, download, { cache })).loaded).toBe(false);
    expect(await nameOf(warehouse, 201826)).toBe("Type 2 diabetes mellitus");
  });

  it("made by two processes at once is whole in both, and nothing else is left", async () => {
    const outcomes = await Promise.all(
      [1, 2].map(() => resultOfChild<LoadedVocabulary>("load-vocabulary.ts", download)),
    );
    for (const { rows } of outcomes)
      expect(rows).toMatchObject({ concept: 4, concept_relationship: 1, drug_strength: 1 });
    const files = (await readdir(download)).filter((name) => !name.endsWith(".csv"));
    expect(files).toEqual(outcomes[0]!.databases.map((path) => basename(path)));
  });

  it("of files that were changed since is removed, and what was left half written an hour ago", async () => {
    const warehouse = await open();
    const [before = ""] = (await loadVocabulary(warehouse, download)).databases;
    const old = await folder.write(`athena/${basename(before, ".duckdb")}-1.unfinished`, "");
    const young = await folder.write(`athena/${basename(before, ".duckdb")}-2.unfinished`, "");
    const ofSomeoneElse = await folder.write("athena/omopipe-vocabulary.duckdb", "");
    const twoHoursAgo = Date.now() / 1000 - 7200;
    await utimes(old, twoHoursAgo, twoHoursAgo);
    await write("athena", { VOCABULARY: [...athena.VOCABULARY, "LOINC|LOINC||2.78|44819102"] });
    const { databases, loaded } = await loadVocabulary(warehouse, download);
    expect(loaded).toBe(true);
    const files = (await readdir(download)).filter((name) => !name.endsWith(".csv"));
    expect(files.sort()).toEqual([...databases, young, ofSomeoneElse].map((path) => basename(path)).sort());
  });

  it("that is damaged is named, and made again once it is deleted", async () => {
    const [database = ""] = (await loadVocabulary(await open(), download)).databases;
    await folder.write(`athena/${basename(database)}`, "no database");
    const { code, message } = await failureOf(loadVocabulary(await open(), download));
    expect(code).toBe("VOCABULARY_INVALID");
    expect(message).toContain(`The vocabulary database ${database} cannot be opened: `);
    expect(message).toContain("Delete it; it is then made again.");
  });
});

describe.skipIf(process.platform === "win32")("a vocabulary in a folder that cannot be written to", () => {
  beforeEach(async () => {
    await chmod(folder.path, 0o755);
    await chmod(download, 0o555);
  });

  it("has its database in the user's folder for caches", async () => {
    const caches = folder.file("caches");
    await mkdir(caches);
    await chmod(caches, 0o777);
    const load = () => resultOfChild<LoadedVocabulary>("load-vocabulary.ts", download, caches);
    const { rows, loaded, databases } = await load();
    expect([rows.concept, loaded]).toEqual([4, true]);
    expect(databases).toEqual([
      expect.stringMatching(/caches\/omopipe\/omopipe-athena-[0-9a-f]{8}-[0-9a-f]{16}\.duckdb$/),
    ]);
    expect((await load()).loaded).toBe(false);
  });

  it("cannot be loaded where that folder cannot be written to either, and both are named", async () => {
    const caches = folder.file("caches");
    await mkdir(caches, { mode: 0o555 });
    const { code, message } = await resultOfChild<OmopipeError>("load-vocabulary.ts", download, caches);
    expect(code).toBe("VOCABULARY_INVALID");
    expect(message).toContain("there is no place to write it");
    expect(message).toContain(download);
    expect(message).toContain(caches);
    expect(message).toContain("Name a folder for it with --vocabulary-cache DIR.");
  });
});

describe("several folders", () => {
  const local = {
    CONCEPT: [
      athena.CONCEPT[0],
      "2000000001|Ward round|Observation|Hospital|Local||WR|19700101|20991231|",
      "201826|Diabetes, as we call it|Condition|SNOMED|Disorder|S|44054006|19700101|20991231|",
    ],
  } as const;
  beforeEach(() => write("local", local));

  it("are one vocabulary: where two have a concept, the first counts, and the other is reported", async () => {
    const warehouse = await open();
    const { rows, refused } = await loadVocabulary(warehouse, [download, folder.file("local")]);
    expect(rows.concept).toBe(5);
    expect(await nameOf(warehouse, 201826)).toBe("Type 2 diabetes mellitus");
    expect(await nameOf(warehouse, 2000000001)).toBe("Ward round");
    expect(refused).toEqual([
      {
        path: folder.file("local"),
        reason: "an earlier folder has the concept too",
        rows: 1,
        line: null,
        column: "concept_id",
      },
    ]);
    await loadVocabulary(warehouse, [folder.file("local"), download]);
    expect(await nameOf(warehouse, 201826)).toBe("Diabetes, as we call it");
  });

  it("that are one and the same are one", async () => {
    const { rows, refused } = await loadVocabulary(await open(), [download, `${download}/`, download]);
    expect([rows.concept, refused]).toEqual([4, []]);
  });

  it("may be a folder and a file of any name", async () => {
    await folder.write("mine.txt", local.CONCEPT.slice(0, 2).join("\n").replaceAll("|", "\t"));
    const { rows } = await loadVocabulary(await open(), [download, folder.file("mine.txt")]);
    expect(rows.concept).toBe(5);
  });
});

describe("a warehouse", () => {
  const snomed = { coding: [{ system: "http://snomed.info/sct", code: "44054006" }] };
  const run = async (warehouse: Warehouse, ...more: readonly Resource[]) => {
    const input = await folder.write("in/a.ndjson", lines(patient("p"), condition("c", { code: snomed }), ...more));
    await pipeline(fhirFiles(input), mapToOmop()).run(warehouse);
    return await warehouse.rows("select condition_concept_id as concept from cdm.condition_occurrence");
  };

  it("that is opened again maps with the vocabulary it was loaded with, and keeps the rows in use and the release", async () => {
    const path = folder.file("warehouse.duckdb");
    const cache = folder.file("cache");
    {
      await using warehouse = await openWarehouse(path);
      await loadVocabulary(warehouse, download, { cache });
    }
    {
      await using warehouse = await openWarehouse(path);
      expect(await run(warehouse)).toEqual([{ concept: 201826 }]);
    }
    expect(await folder.list()).toEqual(["athena", "cache", "in", "warehouse.duckdb"]);
    await using reader = await openWarehouse(path, { readOnly: true });
    expect(
      await reader.rows("select concept_name as name from cdm.concept where concept_id in (201826, 4000001)"),
    ).toEqual([{ name: "Type 2 diabetes mellitus" }]);
    expect(await reader.row("select vocabulary_version as release from cdm.cdm_source")).toEqual({
      release: "v5.0 30-AUG-24",
    });
  });

  it("keeps each row in use once, also where two folders have it", async () => {
    const pill = "1|Pill|Drug|RxNorm|Clinical Drug|S|111|20020131|20991231|";
    const tables = {
      ...athena,
      CONCEPT: [...athena.CONCEPT, pill],
      CONCEPT_RELATIONSHIP: [...athena.CONCEPT_RELATIONSHIP, "1|1|Maps to|20020131|20991231|"],
      CONCEPT_ANCESTOR: [
        "ancestor_concept_id|descendant_concept_id|min_levels_of_separation|max_levels_of_separation",
        "1|1|0|0",
      ],
      CONCEPT_SYNONYM: ["concept_id|concept_synonym_name|language_concept_id", "1|Tablet|4180186"],
    } as const;
    await write("one", tables);
    await write("other", tables);
    const warehouse = await open(":memory:", { vocabulary: [folder.file("one"), folder.file("other")] });
    const drug = { coding: [{ system: "http://www.nlm.nih.gov/research/umls/rxnorm", code: "111" }] };
    await run(warehouse, {
      resourceType: "MedicationRequest",
      id: "m",
      status: "active",
      intent: "order",
      authoredOn: "2019-03-01",
      subject: { reference: "Patient/p" },
      medicationCodeableConcept: drug,
    });
    expect(
      await warehouse.row(
        `select
           (select count(*) from vocab.concept where concept_id = 1) as concepts,
           (select count(*) from vocab.concept_relationship where concept_id_1 = 1) as relationships,
           (select count(*) from vocab.concept_ancestor where descendant_concept_id = 1) as ancestors,
           (select count(*) from vocab.concept_synonym where concept_id = 1) as synonyms,
           (select count(*) from vocab.drug_strength where drug_concept_id = 1) as strengths`,
      ),
    ).toEqual({ concepts: 1, relationships: 1, ancestors: 1, synonyms: 1, strengths: 1 });
  });

  it("in memory maps with the vocabulary it is opened with", async () => {
    expect(await run(await open(":memory:", { vocabulary: download }))).toEqual([{ concept: 201826 }]);
  });

  it("whose vocabulary was moved says so, and maps when it is told the new place", async () => {
    const path = folder.file("warehouse.duckdb");
    {
      await using warehouse = await openWarehouse(path, { vocabulary: download });
      await run(warehouse);
    }
    await rename(download, folder.file("moved"));
    {
      await using warehouse = await openWarehouse(path);
      const { code, message } = await failureOf(run(warehouse));
      expect(code).toBe("VOCABULARY_MISSING");
      expect(message).toContain("The vocabulary that this warehouse used last is no longer as it was.");
      expect(message).toContain(`The vocabulary folder ${download} does not exist.`);
      expect(message).toContain("Where it was moved, name its new place.");
    }
    await using warehouse = await openWarehouse(path, { vocabulary: folder.file("moved") });
    expect(await run(warehouse)).toEqual([{ concept: 201826 }]);
  });
});
