import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { landedTypes } from "../../src/ingest/landing-tables.ts";
import { projectFile } from "../support/sources.ts";

const documentation = readFileSync(projectFile("docs/mapping.md"), "utf8");
const folder = projectFile("src/omop");
const sqlFiles = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".sql"))
  .map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }));

const sections = [...documentation.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
  title!
    .toLowerCase()
    .replace(/[^\w -]/g, "")
    .replaceAll(" ", "-"),
);

describe("docs/mapping.md", () => {
  it("has every section that SQL refers to", () => {
    const named = sqlFiles.flatMap(({ text }) =>
      [...text.matchAll(/docs\/mapping\.md#([\w-]+)/g)].map(([, id]) => id!),
    );
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((section) => !sections.includes(section))).toEqual([]);
  });

  it("names every reason for which a record is dropped", () => {
    const reasons = sqlFiles
      .filter(({ name }) => /^(fhir|csv|rows|texts)/.test(relative(".", name)) || !name.includes("/"))
      .flatMap(({ text }) =>
        [...text.matchAll(/then '([A-Z]{4,}(?:_[A-Z]+)*|[A-Z]+(?:_[A-Z]+)+)'/g)].map(([, reason]) => reason!),
      );
    expect(new Set(reasons).size).toBeGreaterThan(15);
    const missing = [...new Set(reasons)].filter((reason) => !documentation.includes(`\`${reason}\``));
    expect(missing).toEqual([]);
  });

  it("names every file that extracts a resource", () => {
    const extracts = sqlFiles
      .filter(({ name }) => name.startsWith("fhir/"))
      .map(({ name }) => name.replace("fhir/", ""));
    expect(extracts.filter((name) => !documentation.includes(name))).toEqual([]);
  });

  it("names every resource type that is landed", () => {
    expect(landedTypes.filter((type) => !documentation.includes(type))).toEqual([]);
  });
});
