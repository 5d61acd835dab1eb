import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { csvFiles } from "../../src/ingest/csv-files.ts";
import { mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { createRunReport } from "../../src/quality/run-report.ts";
import { expectFullAccount, openIntake } from "../ingest/intake.ts";
import { projectFile } from "../support/sources.ts";

const vocabulary = fileURLToPath(new URL("../../sample-data/vocabulary", import.meta.url));
const page = await readFile(projectFile("docs/csv.md"), "utf8");

/** The examples of the page: files and mapping, a query, and what it gives. */
const examples = page
  .split(/^## /m)
  .map((section) => ({
    title: section.split("\n", 1)[0]!,
    blocks: [...section.matchAll(/^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm)].map(([, language, file, content]) => ({
      language: language!,
      file: file!,
      content: content!,
    })),
  }))
  .filter(({ blocks }) => blocks.some(({ language }) => language === "yaml"));

describe("docs/csv.md", () => {
  it("has an example for each part of the language", () => {
    expect(examples.map(({ title }) => title)).toEqual([
      "Persons, visits, events",
      "Dates",
      "Wide files",
      "A second file",
      "A CDM made elsewhere",
    ]);
  });

  it.each(examples)("shows what comes out: $title", async ({ blocks }) => {
    await using intake = await openIntake(vocabulary);
    for (const { language, file, content } of blocks) {
      if (file !== "") await intake.write(language === "yaml" ? "mapping.yaml" : `data/${file}`, content);
    }
    const read = csvFiles(join(intake.folder, "data"), { mapping: join(intake.folder, "mapping.yaml") });
    const run = await pipeline(read, mapToOmop()).run(intake.warehouse);
    expectFullAccount(await createRunReport(intake.warehouse, run));
    const query = blocks.find(({ language }) => language === "sql")!.content;
    const answer = join(intake.folder, "answer.csv");
    await intake.warehouse.run(`copy (${query}) to '${answer}' (format csv, header)`);
    expect(await readFile(answer, "utf8")).toBe(
      blocks.find(({ language, file }) => language === "csv" && file === "")!.content,
    );
  });

  it("names every field of the language", async () => {
    const schema = JSON.parse(await readFile(projectFile("schemas/csv-mapping.schema.json"), "utf8"));
    const parts = schema.properties.files.additionalProperties.properties;
    const objects = Object.values(
      parts as Record<
        string,
        { properties?: object; items?: { oneOf?: { properties: object }[]; properties?: object } }
      >,
    );
    const fields = objects.flatMap(({ properties, items }) => [
      ...Object.keys(properties ?? {}),
      ...Object.keys(items?.properties ?? {}),
      ...(items?.oneOf ?? []).flatMap((each) => Object.keys(each.properties)),
    ]);
    const words = new Set(page.match(/\w+/g));
    expect([...Object.keys(parts), ...fields].filter((field) => !words.has(field))).toEqual([]);
  });
});
