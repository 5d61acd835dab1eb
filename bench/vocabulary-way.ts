// A part of the vocabulary benchmark, in a process of its own: vocabulary-way.ts make VOCABULARY CONCEPTS RELATIONSHIPS, or
// vocabulary-way.ts load|map VOCABULARY. Prints what it measured, a line of JSON for each step.

import { cp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fhirFiles, loadVocabulary, mapToOmop, openWarehouse, pipeline } from "omopipe";
import { literal, sqlText } from "../src/warehouse/sql-text.ts";

const [way = "", vocabulary = "", ...rest] = process.argv.slice(2);
const inProject = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Writes a vocabulary of this many concepts and relationships. */
async function make(): Promise<void> {
  const sample = inProject("sample-data/vocabulary");
  const [concepts = "", relationships = ""] = rest;
  const isTable = (path: string) => !path.endsWith(".duckdb");
  await cp(sample, vocabulary, { recursive: true, filter: isTable });
  await using warehouse = await openWarehouse(":memory:");
  const parts = {
    sample_concepts: literal(join(sample, "CONCEPT.csv")),
    sample_relationships: literal(join(sample, "CONCEPT_RELATIONSHIP.csv")),
    concept_file: literal(join(vocabulary, "CONCEPT.csv")),
    relationship_file: literal(join(vocabulary, "CONCEPT_RELATIONSHIP.csv")),
    concepts,
    relationships,
  };
  await warehouse.run(sqlText(import.meta.url, "vocabulary.sql", parts));
}

/** Loads it for one warehouse, and again for another. */
async function load(): Promise<void> {
  for (const step of ["load", "load again"]) {
    await using warehouse = await openWarehouse(":memory:");
    await measure(step, () => loadVocabulary(warehouse, vocabulary));
  }
}

/** Maps one patient three times; the first time the vocabulary is attached too. */
async function map(): Promise<void> {
  await using warehouse = await openWarehouse(":memory:", { vocabulary });
  const bundle = inProject("sample-data/fhir/bundles/patient-0001.json");
  for (const time of ["first", "second", "third"]) {
    await measure(`${time} map`, () => pipeline(fhirFiles(bundle), mapToOmop()).run(warehouse));
  }
}

async function measure(step: string, work: () => Promise<unknown>): Promise<void> {
  const start = { at: performance.now(), cpu: process.cpuUsage() };
  await work();
  const seconds = (performance.now() - start.at) / 1000;
  const { user, system } = process.cpuUsage(start.cpu);
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1000);
  console.log(JSON.stringify({ step, seconds, user: user / 1e6, system: system / 1e6, megabytes }));
}

const ways: Readonly<Record<string, () => Promise<void>>> = { make, load, map };
await ways[way]!();
